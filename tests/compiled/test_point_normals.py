"""Against numpy's path, bit for bit."""

import platform
import re

import numpy as np
import pytest
from numba import njit

from mvn_dask.compiled import point_normals
from mvn_dask.compiled.llvm import REGISTER_BYTES
from mvn_dask.compiled.point_normals import SEGMENT, PointNormals
from mvn_dask.errors import ArgumentError
from mvn_dask.random.inverse_normal import FAR_ORIGIN, normal_quantiles
from mvn_dask.random.sobol import BITS, Words, centered_points, scrambled_directions
from mvn_dask.random.streams import Root

RANGES = [(0, 1), (0, 3), (5, 37), (100, 1000), (1023, 1025), (2**40 - 3, 2**40 + 50), (2**BITS - 40, 2**BITS)]


def assert_equal_bits(normals: PointNormals, directions: Words, shift: Words, start: int, stop: int) -> None:
    out = np.full((stop - start + 2, len(shift)), np.nan)
    normals.draw(start, out[1:-1])
    expected = normal_quantiles(centered_points(directions, shift, start, stop))
    assert out[1:-1].tobytes() == expected.tobytes()
    assert np.isnan(out[[0, -1]]).all(), "nothing is written beside the rows"


@pytest.mark.parametrize("d", [1, 2, 3, 7, 8, 9, 13, 30, 64, 100, SEGMENT - 1, SEGMENT, SEGMENT + 1, 1100])
def test_any_rows_of_any_dimension(d: int) -> None:
    directions, shift = scrambled_directions(d, Root(1).child(0), 0)
    normals = PointNormals(directions, shift)
    for start, stop in RANGES:
        assert_equal_bits(normals, directions, shift, start, min(stop, start + 200_000 // d))


def test_tails_of_every_length() -> None:
    """Points from the first to the last that there is: a direction for each bit, and no scramble."""
    directions = np.ascontiguousarray((np.uint64(1) << np.arange(BITS, dtype=np.uint64))[:, None].repeat(3, axis=1))
    shift = np.array([0, 2**BITS - 1, 2 ** (BITS - 1)], np.uint64)
    roots = np.sqrt(-np.log(0.5 - np.abs(centered_points(directions, shift, 0, 2000))))
    assert (roots > FAR_ORIGIN).sum() > 2000
    assert_equal_bits(PointNormals(directions, shift), directions, shift, 0, 2000)


def test_a_million() -> None:
    directions, shift = scrambled_directions(10, Root(1).child(0), 3)
    assert_equal_bits(PointNormals(directions, shift), directions, shift, 12345, 112345)


def test_one_of_a_thread_is_kept() -> None:
    arrays = scrambled_directions(2, Root(1), 0)
    assert point_normals.point_normals(*arrays) is point_normals.point_normals(*arrays)
    assert not arrays[0].flags.writeable


def test_what_does_not_fit() -> None:
    directions, shift = scrambled_directions(3, Root(1), 0)
    normals = PointNormals(directions, shift)
    for out in (np.empty((4, 2)), np.empty((4, 3), "f4"), np.empty((4, 6))[:, ::2]):
        with pytest.raises(ArgumentError, match="`out` must be C-contiguous float64"):
            normals.draw(0, out)
    with pytest.raises(ArgumentError, match="of rows before"):
        normals.draw(2**BITS - 3, np.empty((4, 3)))
    for wrong in (directions[:, :2], directions[:5], directions.astype("i8"), np.asfortranarray(directions)):
        with pytest.raises(ArgumentError, match="`directions` must be uint64"):
            PointNormals(wrong, shift)


@pytest.mark.skipif(platform.machine() not in {"x86_64", "AMD64"}, reason="names of registers and instructions")
def test_instructions_of_whole_registers() -> None:
    """Packed ones, none that multiplies and adds at once; of AVX-512, LLVM uses whole registers or halves."""
    run = njit(nogil=True, error_model="numpy")(point_normals.draw_points)
    kinds = [each.signature for each in point_normals._draw_points._run.overloads.values()]
    if not kinds:
        test_one_of_a_thread_is_kept()
        PointNormals(*scrambled_directions(3, Root(1), 0)).draw(0, np.empty((4, 3)))
        kinds = [each.signature for each in point_normals._draw_points._run.overloads.values()]
    run.compile(kinds[0].args)
    (text,) = run.inspect_asm().values()
    register = {64: "[yz]mm", 32: "ymm", 16: "xmm"}[REGISTER_BYTES]
    for operation in ("mulpd", "addpd", "divpd", "sqrtpd"):
        assert re.search(rf"v?{operation}\s.*%{register}", text), operation
    assert not re.search(r"\sv?f(n?m)(add|sub)", text)
