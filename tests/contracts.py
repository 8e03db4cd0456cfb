"""What every covariance owes, checked against dense numpy, and what every storage of a store owes."""

import io
import pickle
import time
from collections.abc import Sequence

import numpy as np
import pytest
from dask.tokenize import tokenize

from mvn_dask.covariance import Covariance
from mvn_dask.errors import StoreError
from mvn_dask.store.storage.base import INTERNAL_FOLDER, Storage
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


def check_storage(storage: Storage, secrets: Sequence[str] = ()) -> None:
    """The contract of `Storage`; it lies in an empty place."""
    _check_files(storage)
    _check_listing(storage)
    _check_large_values(storage)
    _check_travel(storage, secrets)
    for ours in (True, False):
        _check_removal(storage, ours=ours)
    _check_occupancy(storage)


def _check_files(storage: Storage) -> None:
    with pytest.raises(StoreError, match="is not there"), storage.task_session():
        pytest.fail("entered")
    assert storage.entry("a/x") is None
    assert list(storage.entries()) == list(storage.entries("a")) == []
    with pytest.raises(FileNotFoundError) as missing:
        storage.read("a/x")
    assert str(missing.value).count("\n") == 0
    assert f"{storage}/a/x" in str(missing.value)
    storage.delete("a/x")
    storage.require_folder()

    storage.write("a/x", [b"one", memoryview(b"two")])
    content = storage.read("a/x")
    assert (content.dtype.name, content.ndim, content.tobytes()) == ("uint8", 1, b"onetwo")
    for start, length, expected in ((2, 3, b"etw"), (4, None, b"wo"), (4, 100, b"wo"), (0, 0, b""), (0, 6, b"onetwo")):
        assert storage.read("a/x", start, length).tobytes() == expected
    assert not storage.create("a/x", b"three")
    assert storage.read("a/x").tobytes() == b"onetwo"
    storage.write("a/x", [np.arange(3, dtype=np.uint8).data])
    assert storage.read("a/x").tobytes() == b"\0\1\2"
    storage.delete("a/x")
    assert storage.entry("a/x") is None
    assert storage.create("a/x", b"four")
    assert storage.read("a/x").tobytes() == b"four"
    for pieces in ([], [b""], [b"", b""]):
        storage.write("empty", pieces)
        assert storage.read("empty").tobytes() == b""
        entry = storage.entry("empty")
        assert entry is not None
        assert (entry.key, entry.size, entry.regular) == ("empty", 0, True)
        assert abs(entry.modified - time.time()) < 60
    assert storage.create("empty too", b"")
    assert not storage.create("empty too", b"x")
    for key in ("empty", "empty too", "a/x"):
        storage.delete(key)
    assert [entry for entry in storage.entries() if not storage.is_temporary(entry.key)] == []


def _check_listing(storage: Storage) -> None:
    sizes = {"a/x": 1, "a/b/c/y": 2, "ab/x": 3, "abc": 4, f"{INTERNAL_FOLDER}/plan.json": 5, "a b/ü%20+": 6}
    for key, size in sizes.items():
        storage.write(key, [b"." * size])
    whole = [entry for entry in storage.entries() if not storage.is_temporary(entry.key)]
    assert {entry.key: entry.size for entry in whole} == sizes
    assert all(entry.regular and abs(entry.modified - time.time()) < 60 for entry in whole)
    assert len(whole) == len(sizes)
    for entry in whole:
        assert storage.entry(entry.key) == entry
    assert {entry.key for entry in storage.entries("a")} == {"a/x", "a/b/c/y"}
    assert {entry.key for entry in storage.entries("a/b")} == {"a/b/c/y"}
    for folder in ("none", "abc", "ab/x", "b", "a/b/c/y/z"):
        assert list(storage.entries(folder)) == [], folder
    storage.remove_temporaries()
    for key, size in sizes.items():
        assert storage.read(key).tobytes() == b"." * size
        storage.delete(key)
        storage.delete(key)
        assert storage.entry(key) is None


def _check_large_values(storage: Storage) -> None:
    large = np.random.default_rng(1).integers(0, 256, 20 * 2**20 + 3, np.uint8)
    storage.write("large", [large[:7].data, large[7:].data])
    np.testing.assert_array_equal(storage.read("large"), large)
    np.testing.assert_array_equal(storage.read("large", 2**24 - 5, 2**20), large[2**24 - 5 :][: 2**20])
    pieces = [each for number in range(10_000) for each in (large[number * 100 : (number + 1) * 100].data, b"crc!")]
    storage.write("many", pieces)
    assert storage.read("many").tobytes() == b"".join(pieces)
    keys = [f"some/{number}" for number in range(1100)] if storage.name.startswith(("/", "memory")) else ["some/1"]
    for key in keys:
        storage.write(key, [b"x"])
    assert {entry.key for entry in storage.entries("some")} == set(keys)
    for key in ("large", "many", *keys):
        storage.delete(key)


def _check_travel(storage: Storage, secrets: Sequence[str]) -> None:
    numbers = np.arange(6.0).reshape(2, 3)
    content = io.BytesIO()
    np.save(content, numbers)
    storage.write("a.npy", [content.getvalue()])
    load = storage.loader("a.npy")
    np.testing.assert_array_equal(load(), numbers)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(load))(), numbers)  # noqa: S301
    again = pickle.loads(pickle.dumps(storage))  # noqa: S301
    assert again == storage
    assert hash(again) == hash(storage)
    assert tokenize(again) == tokenize(storage)
    assert again.read("a.npy").tobytes() == content.getvalue()
    assert again != storage.name
    assert str(storage) == storage.name
    for text in (repr(storage), str(storage), storage.name, repr(load), str(tokenize(storage))):
        assert not any(secret in text for secret in secrets)
    storage.delete("a.npy")
    with pytest.raises(FileNotFoundError):
        storage.loader("a.npy")()


def _check_removal(storage: Storage, *, ours: bool) -> None:
    manifest = f"{INTERNAL_FOLDER}/plan.json"
    keys = ["zarr.json", "samples/zarr.json", "samples/c/0", "samples/c/1", f"{INTERNAL_FOLDER}/mean.npy"]
    for key in [*keys, *([manifest] if ours else [])]:
        storage.write(key, [b"x"])
    with storage.session() as session:
        assert session.try_exclusive()
        storage.remove(ours=ours, documents=lambda key: key.endswith("zarr.json"))
        assert all(storage.is_temporary(entry.key) for entry in storage.entries())
        storage.remove(ours=False, documents=lambda _: False)  # of nothing
        assert storage.create(manifest, b"{}")
    storage.delete(manifest)


def _check_occupancy(storage: Storage) -> None:
    with storage.session() as one:
        storage.write(f"{INTERNAL_FOLDER}/plan.json", [b"{}"])
        assert one.try_exclusive()
        one.acquire_shared()
        with storage.session() as other:
            other.acquire_shared()
            assert not one.try_exclusive()
            one.acquire_shared()
            assert not other.try_exclusive()
            other.acquire_shared()
            with storage.task_session():
                pass
        assert one.try_exclusive()
        one.acquire_shared()
        assert all(
            storage.is_temporary(each.key) for each in storage.entries() if each.key != f"{INTERNAL_FOLDER}/plan.json"
        )
    with storage.session() as third:
        assert third.try_exclusive()
    storage.delete(f"{INTERNAL_FOLDER}/plan.json")
