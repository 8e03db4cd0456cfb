"""What every covariance owes, checked against dense numpy, and what every target of a store owes."""

import io
import pickle
import time
from collections.abc import Sequence

import numpy as np
import pytest
from dask.tokenize import tokenize

from mvn_dask.covariance import Covariance
from mvn_dask.errors import StoreError
from mvn_dask.store.targets.base import HIDDEN, Target
from tests.strategies import Floats


def check_covariance(covariance: Covariance, dense: Floats) -> None:
    """The contract of `Covariance` and of its `Factor`, for a regular matrix."""
    d = len(dense)
    assert covariance.ndim == d
    assert covariance.dtype == np.float64
    np.testing.assert_array_equal(covariance.to_dense(), dense)
    np.testing.assert_array_equal(covariance.diagonal(), np.diagonal(dense))
    assert covariance.digest() == pickle.loads(pickle.dumps(covariance)).digest()  # noqa: S301
    assert len(repr(covariance).splitlines()) == 1

    factor = covariance.factorize()
    assert factor is covariance.factorize(), "a covariance is factorised once"
    assert factor.ndim == d
    basis = factor.colorize(np.eye(factor.noise_ndim)).T
    scale = np.abs(dense).max()
    np.testing.assert_allclose(basis @ basis.T, dense, atol=1e-12 * scale, rtol=1e-10)

    z = np.random.default_rng(1).standard_normal((7, factor.noise_ndim))
    x = factor.colorize(z)
    np.testing.assert_allclose(x, z @ basis.T, atol=1e-12 * np.sqrt(scale), rtol=1e-10)
    np.testing.assert_allclose(factor.whiten(x), z, atol=1e-8)
    out = np.full((7, d), np.nan)
    assert factor.colorize(z, out=out) is out
    np.testing.assert_array_equal(out, x)
    entries = factor.entries
    np.testing.assert_array_equal(np.diag(entries) if entries.ndim == 1 else entries, basis)
    np.testing.assert_allclose(factor.log_det, np.linalg.slogdet(dense)[1], rtol=1e-10, atol=1e-10)

    arrays = factor.arrays()
    assert factor.nbytes == sum(array.nbytes for array in arrays.values())
    np.testing.assert_array_equal(type(factor).from_arrays(arrays).colorize(z), x)
    single = factor.astype(np.float32)
    assert single.nbytes * 2 == factor.nbytes
    coarse = single.colorize(z.astype(np.float32))
    assert coarse.dtype == np.float32
    np.testing.assert_allclose(coarse, x, atol=1e-4 * np.sqrt(scale), rtol=1e-3)


def check_target(target: Target, secrets: Sequence[str] = ()) -> None:
    """The contract of `Target`; it lies in an empty place."""
    _check_files(target)
    _check_listing(target)
    _check_large_values(target)
    _check_travel(target, secrets)
    for ours in (True, False):
        _check_removal(target, ours=ours)
    _check_occupancy(target)


def _check_files(target: Target) -> None:
    with pytest.raises(StoreError, match="is not there"), target.visit():
        pytest.fail("entered")
    assert target.entry("a/x") is None
    assert list(target.entries()) == list(target.entries("a")) == []
    with pytest.raises(FileNotFoundError) as missing:
        target.read("a/x")
    assert str(missing.value).count("\n") == 0
    assert f"{target}/a/x" in str(missing.value)
    target.delete("a/x")
    target.refuse_if_no_folder()

    target.write("a/x", [b"one", memoryview(b"two")])
    content = target.read("a/x")
    assert (content.dtype.name, content.ndim, content.tobytes()) == ("uint8", 1, b"onetwo")
    for start, length, expected in ((2, 3, b"etw"), (4, None, b"wo"), (4, 100, b"wo"), (0, 0, b""), (0, 6, b"onetwo")):
        assert target.read("a/x", start, length).tobytes() == expected
    assert not target.create("a/x", b"three")
    assert target.read("a/x").tobytes() == b"onetwo"
    target.write("a/x", [np.arange(3, dtype=np.uint8).data])
    assert target.read("a/x").tobytes() == b"\0\1\2"
    target.delete("a/x")
    assert target.entry("a/x") is None
    assert target.create("a/x", b"four")
    assert target.read("a/x").tobytes() == b"four"
    for pieces in ([], [b""], [b"", b""]):
        target.write("empty", pieces)
        assert target.read("empty").tobytes() == b""
        entry = target.entry("empty")
        assert entry is not None
        assert (entry.key, entry.size, entry.regular) == ("empty", 0, True)
        assert abs(entry.modified - time.time()) < 60
    assert target.create("empty too", b"")
    assert not target.create("empty too", b"x")
    for key in ("empty", "empty too", "a/x"):
        target.delete(key)
    assert [entry for entry in target.entries() if not target.is_leftover(entry.key)] == []


def _check_listing(target: Target) -> None:
    sizes = {"a/x": 1, "a/b/c/y": 2, "ab/x": 3, "abc": 4, f"{HIDDEN}/plan.json": 5, "a b/ü%20+": 6}
    for key, size in sizes.items():
        target.write(key, [b"." * size])
    whole = [entry for entry in target.entries() if not target.is_leftover(entry.key)]
    assert {entry.key: entry.size for entry in whole} == sizes
    assert all(entry.regular and abs(entry.modified - time.time()) < 60 for entry in whole)
    assert len(whole) == len(sizes)
    for entry in whole:
        assert target.entry(entry.key) == entry
    assert {entry.key for entry in target.entries("a")} == {"a/x", "a/b/c/y"}
    assert {entry.key for entry in target.entries("a/b")} == {"a/b/c/y"}
    for folder in ("none", "abc", "ab/x", "b", "a/b/c/y/z"):
        assert list(target.entries(folder)) == [], folder
    target.sweep()
    for key, size in sizes.items():
        assert target.read(key).tobytes() == b"." * size
        target.delete(key)
        target.delete(key)
        assert target.entry(key) is None


def _check_large_values(target: Target) -> None:
    large = np.random.default_rng(1).integers(0, 256, 20 * 2**20 + 3, np.uint8)
    target.write("large", [large[:7].data, large[7:].data])
    np.testing.assert_array_equal(target.read("large"), large)
    np.testing.assert_array_equal(target.read("large", 2**24 - 5, 2**20), large[2**24 - 5 :][: 2**20])
    pieces = [each for number in range(10_000) for each in (large[number * 100 : (number + 1) * 100].data, b"crc!")]
    target.write("many", pieces)
    assert target.read("many").tobytes() == b"".join(pieces)
    keys = [f"some/{number}" for number in range(1100)] if target.name.startswith(("/", "memory")) else ["some/1"]
    for key in keys:
        target.write(key, [b"x"])
    assert {entry.key for entry in target.entries("some")} == set(keys)
    for key in ("large", "many", *keys):
        target.delete(key)


def _check_travel(target: Target, secrets: Sequence[str]) -> None:
    numbers = np.arange(6.0).reshape(2, 3)
    content = io.BytesIO()
    np.save(content, numbers)
    target.write("a.npy", [content.getvalue()])
    load = target.loader("a.npy")
    np.testing.assert_array_equal(load(), numbers)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(load))(), numbers)  # noqa: S301
    again = pickle.loads(pickle.dumps(target))  # noqa: S301
    assert again == target
    assert hash(again) == hash(target)
    assert tokenize(again) == tokenize(target)
    assert again.read("a.npy").tobytes() == content.getvalue()
    assert again != target.name
    assert str(target) == target.name
    for text in (repr(target), str(target), target.name, repr(load), str(tokenize(target))):
        assert not any(secret in text for secret in secrets)
    target.delete("a.npy")
    with pytest.raises(FileNotFoundError):
        target.loader("a.npy")()


def _check_removal(target: Target, *, ours: bool) -> None:
    record = f"{HIDDEN}/plan.json"
    keys = ["zarr.json", "samples/zarr.json", "samples/c/0", "samples/c/1", f"{HIDDEN}/mean.npy"]
    for key in [*keys, *([record] if ours else [])]:
        target.write(key, [b"x"])
    with target.occupy() as occupancy:
        assert occupancy.alone()
        target.remove(ours=ours, documents=lambda key: key.endswith("zarr.json"))
        assert all(target.is_leftover(entry.key) for entry in target.entries())
        target.remove(ours=False, documents=lambda _: False)  # of nothing
        assert target.create(record, b"{}")
    target.delete(record)


def _check_occupancy(target: Target) -> None:
    with target.occupy() as one:
        target.write(f"{HIDDEN}/plan.json", [b"{}"])
        assert one.alone()
        one.share()
        with target.occupy() as other:
            other.share()
            assert not one.alone()
            one.share()
            assert not other.alone()
            other.share()
            with target.visit():
                pass
        assert one.alone()
        one.share()
        assert all(target.is_leftover(each.key) for each in target.entries() if each.key != f"{HIDDEN}/plan.json")
    with target.occupy() as third:
        assert third.alone()
    target.delete(f"{HIDDEN}/plan.json")
