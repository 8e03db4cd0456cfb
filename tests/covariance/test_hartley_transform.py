import tracemalloc
from hashlib import sha256

import numpy as np
import pytest

from mvn_dask._typing import Float64Array, FloatArray
from mvn_dask.covariance import hartley_transform
from mvn_dask.covariance.hartley_transform import HartleyTransform
from tests.support.other_processors import printed_under

CASES = [
    ((1,), (1,)), ((2,), (2,)), ((3,), (2,)), ((20,), (11,)), ((21,), (21,)), ((128,), (65,)),
    ((1, 1), (1, 1)), ((1, 12), (1, 7)), ((12, 1), (5, 1)), ((4, 6), (3, 3)), ((18, 40), (10, 21)), ((9, 15), (9, 15)),
    ((4, 1, 6), (2, 1, 4)), ((2, 3, 4), (2, 3, 4)), ((6, 10, 16), (3, 6, 9)),
]  # fmt: skip
"""Lengths, and what is kept of them."""


def inputs(transform: HartleyTransform, dtype: str = "float64") -> tuple[FloatArray, FloatArray, FloatArray]:
    """Three rows of numbers, roots and tables."""
    rng = np.random.default_rng(transform.lengths)
    z, roots = rng.standard_normal((3, transform.points)), rng.random(transform.half)
    return z.astype(dtype), roots.astype(dtype), transform.tables().astype(dtype)


def definition(transform: HartleyTransform, z: FloatArray, roots: FloatArray) -> Float64Array:
    """Real part less imaginary part of numpy's transform of the products, pruned."""
    lengths = transform.lengths
    places = np.ix_(*(np.minimum(np.arange(length), length - np.arange(length)) for length in lengths))
    products = z.reshape(-1, *lengths) * roots[places].astype(np.float64)
    found = np.fft.fftn(products, axes=tuple(range(1, products.ndim)))
    corner = (found.real - found.imag)[(slice(None), *map(slice, transform.kept))]
    return np.asarray(corner.reshape(len(z), -1))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("lengths", "kept"), CASES)
def test_a_transform_is_its_definition(
    lengths: tuple[int, ...], kept: tuple[int, ...], dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    transform = HartleyTransform(kept, lengths)
    z, roots, tables = inputs(transform, dtype)
    limit = 100 * float(np.finfo(dtype).eps) * np.sqrt(transform.points)
    for least in (0, 2**62):
        out = np.full((3, transform.ndim), np.nan, dtype)
        transform.apply(z, roots, tables, out, least=least)
        np.testing.assert_allclose(out, definition(transform, z, roots), atol=limit)
        alone = np.full((1, transform.ndim), np.nan, dtype)
        transform.apply(z[1:2], roots, tables, alone, least=least)
        np.testing.assert_array_equal(alone[0], out[1])
    # In pieces of any size.
    monkeypatch.setattr(hartley_transform, "CHUNK_NUMBERS", 16)
    pieces = np.full((3, transform.ndim), np.nan, dtype)
    transform.apply(z, roots, tables, pieces, least=2**62)
    np.testing.assert_array_equal(pieces, out)


def test_memory_of_a_row_is_bounded() -> None:
    """Beside the normals and the row: half of the numbers of the embedding, of three axes three quarters."""
    for lengths, share in (((1024, 512), 0.5), ((64, 64, 64), 0.75), ((2**18,), 1.0)):
        transform = HartleyTransform(tuple(length // 2 for length in lengths), lengths)
        numbers, out = inputs(transform), np.empty((3, transform.ndim))
        transform.apply(*numbers, out)
        tracemalloc.start()
        transform.apply(*numbers, out)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 1.25 * share * transform.points * 8


DIGESTS = {
    ((2187,), (1000,)): "c178a030ba83060ab01fe9ee7f31742b4c19ee1a9c2a46afb4cb01eea6e97ff2",
    ((60, 80), (30, 41)): "65cff48ca21d3fe3b9edbd79c925b228dcec4e53985c4e6976e6574166d3a8f4",
    ((16, 18, 20), (8, 10, 11)): "e699a6012d79ea71b2ab315bea3b7fe9d693eb18d344af7d829d6d7db2a1d82b",
}
TRANSFORM = """
from tests.covariance.test_hartley_transform import digests
print(digests())
"""


def digests() -> str:
    """Of rows in one, two and three dimensions, both precisions."""
    found = {}
    for lengths, kept in DIGESTS:
        state, transform = sha256(), HartleyTransform(kept, lengths)
        for dtype in ("float64", "float32"):
            # Numbers that no library has a say in.
            z = (np.arange(2 * transform.points) * 7919 % 1009 - 504).reshape(2, -1).astype(dtype)
            roots = ((np.arange(np.prod(transform.half)) * 31 % 101 + 1) / 128).reshape(transform.half).astype(dtype)
            out = np.empty((2, transform.ndim), dtype)
            transform.apply(z, roots, transform.tables().astype(dtype), out, least=0)
            state.update(out.tobytes())
        found[lengths, kept] = state.hexdigest()
    return str(found)


def test_the_bits_of_another_machine() -> None:
    assert digests() == str(DIGESTS)


@pytest.mark.slow
@pytest.mark.parametrize("settings", [{"NUMBA_CPU_NAME": "generic"}, {"NUMBA_DISABLE_JIT": "1"}], ids=str)
def test_the_bits_under_other_settings(settings: dict[str, str]) -> None:
    assert printed_under(settings, TRANSFORM) == str(DIGESTS)
