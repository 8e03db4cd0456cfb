"""What every covariance owes, checked against dense numpy, and what every storage of a store owes."""

import io
import json
import pickle
import re
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, cast

import numpy as np
import pytest
from dask.tokenize import tokenize
from scipy import stats

from mvn_dask._typing import FloatArray
from mvn_dask.covariance import Covariance, Factor
from mvn_dask.covariance.base import factor_of_record
from mvn_dask.distribution import Distribution
from mvn_dask.errors import ArgumentError, StorageBusyError, StoreError, UnsupportedOperationError
from mvn_dask.hashing import canonical_json
from mvn_dask.random.streams import as_root
from mvn_dask.sampling.plan import Plan
from mvn_dask.sampling.sampler import Sampler
from mvn_dask.store.storage.base import INTERNAL_FOLDER, MANIFEST_KEY, Storage, is_lock
from tests.support.strategies import Floats


def check_covariance(covariance: Covariance, dense: Floats, rank: int | None = None) -> None:
    """The contract of `Covariance` and of its `Factor`, for a regular matrix, or one of a given rank."""
    d = len(dense)
    assert covariance.ndim == d
    np.testing.assert_array_equal(covariance.to_dense(), dense)
    np.testing.assert_array_equal(covariance.variances(), np.diagonal(dense))
    again = pickle.loads(pickle.dumps(covariance))  # noqa: S301
    assert covariance.digest() == again.digest()
    assert covariance == again
    assert len({covariance, again}) == 1
    assert covariance not in (covariance.record(), None, dense.tolist())
    assert covariance.record()["kind"] == covariance.kind
    assert len(repr(covariance).splitlines()) == 1
    places = np.array([0, d - 1, d // 2])
    if (entries := covariance._entries(places)) is not None:
        scale = max(np.abs(dense).max(), np.finfo(float).tiny)
        np.testing.assert_allclose(entries, dense[np.ix_(places, places)], atol=1e-14 * scale, rtol=1e-12)
    factor = covariance.factorize()
    assert factor is covariance.factorize(), "a covariance is factorised once"
    assert factor.rank == (d if rank is None else rank)
    check_factor(factor, dense)


def check_factor(factor: Factor, dense: Floats) -> None:
    """The contract of `Factor`; `dense` is A A^T. Rounding to 1e-10 of the largest entry is allowed for."""
    d, k = factor.ndim, factor.noise_ndim
    assert len(dense) == d
    basis = factor.colorize(np.eye(k)).T
    assert basis.shape == (d, k)
    scale = max(np.abs(dense).max(), np.finfo(float).tiny)
    np.testing.assert_allclose(basis @ basis.T, dense, atol=1e-12 * scale, rtol=1e-10)
    np.testing.assert_allclose(factor.variances(), np.diagonal(dense), atol=1e-12 * scale, rtol=1e-10)
    rows, columns = [0, d - 1, d // 2], [d - 1, 0]
    expected = dense[np.ix_(rows, columns)]
    np.testing.assert_allclose(factor.covariance_of(rows, columns), expected, atol=1e-12 * scale, rtol=1e-10)
    for found in (factor.variances(), factor.covariance_of(rows, columns)):
        assert found.dtype == np.float64
    assert factor.rank == np.linalg.matrix_rank(basis)
    assert factor.flops > 0

    z = np.random.default_rng(1).standard_normal((7, k))
    x = factor.colorize(z)
    np.testing.assert_allclose(x, z @ basis.T, atol=1e-12 * np.sqrt(scale * k), rtol=1e-10)
    out = np.full((7, d), np.nan)
    assert factor.colorize(z, out=out) is out
    np.testing.assert_array_equal(out, x)
    for row in range(7):
        np.testing.assert_array_equal(factor.colorize(z[row : row + 1])[0], x[row], "a row's bits are its own")
    if factor.application != "colorize":
        operand = factor.operand
        np.testing.assert_array_equal(np.diag(operand) if operand.ndim == 1 else operand, basis)
        assert factor.application == "product" or d == k
    _check_optional(factor, dense, z, x)
    _check_arrays(factor, z, x, scale)


def _check_optional(factor: Factor, dense: Floats, z: Floats, x: FloatArray) -> None:
    with suppress(UnsupportedOperationError):
        white = factor.whiten(x)
        assert white.shape == z.shape
        np.testing.assert_allclose(factor.colorize(white), x, atol=1e-8 * np.abs(x).max())
        if factor.rank == factor.noise_ndim:
            np.testing.assert_allclose(white, z, atol=1e-8)
    with suppress(UnsupportedOperationError):
        found = factor.log_det
        if factor.rank == factor.ndim:
            np.testing.assert_allclose(found, np.linalg.slogdet(dense)[1], rtol=1e-10, atol=1e-10)
        else:
            assert found < -30


def _check_arrays(factor: Factor, z: Floats, x: FloatArray, scale: float) -> None:
    arrays = factor.arrays()
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*", name) for name in arrays)
    assert factor.nbytes == sum(array.nbytes for array in arrays.values())
    record = json.loads(canonical_json(factor.record()))
    assert record == factor.record()
    again = factor_of_record(record, arrays)
    assert type(again) is type(factor)
    assert again.rank == factor.rank
    np.testing.assert_array_equal(again.colorize(z), x)
    for name in arrays:
        with pytest.raises(ArgumentError):
            factor_of_record(record, {other: array for other, array in arrays.items() if other != name})
        with pytest.raises(ArgumentError):
            factor_of_record(record, {**arrays, name: np.array("text")})
    with pytest.raises(ArgumentError):
        factor_of_record(record, {**arrays, "another": np.ones(3)})
    wrongs: list[object] = [None, [], {}, {"kind": "none"}, {**record, "another": 1}]
    for wrong in wrongs:
        with pytest.raises(ArgumentError):
            factor_of_record(wrong, arrays)
    single = factor.astype(np.float32)
    for name, array in single.arrays().items():
        assert array.dtype == (np.float32 if arrays[name].dtype.kind == "f" else arrays[name].dtype)
    coarse = single.colorize(z.astype(np.float32))
    assert coarse.dtype == np.float32
    np.testing.assert_allclose(coarse, x, atol=1e-4 * np.sqrt(scale * z.shape[1]), rtol=1e-3)
    assert single.variances().dtype == np.float64


def check_distribution(distribution: Distribution, mean: Floats, dense: Floats) -> None:
    """The contract of `Distribution` and of its `Sampler`; `dense` is the covariance of a row.

    Where laws are those of scores, `mean` are the medians, and `dense` is the factor's covariance. The laws are
    compared with 50,000 rows of a fixed seed, by Kolmogorov and Smirnov's test at a level of 1 in 1,000 for each of the
    d + 1 laws.
    """
    d = len(mean)
    assert distribution.ndim == d
    again = pickle.loads(pickle.dumps(distribution))  # noqa: S301
    assert distribution == again
    assert len({distribution, again}) == 1
    assert distribution not in (None, mean.tolist())
    sampler = distribution.sampler(np.dtype(np.float64))
    record, parameters = sampler.record(), sampler.parameters()
    assert json.loads(canonical_json(record)) == record
    assert record["kind"] == sampler.kind
    assert sampler.nbytes == sum(array.nbytes for array in parameters.values())
    np.testing.assert_array_equal(sampler.mean(), mean)
    np.testing.assert_allclose(sampler.variances(), np.diagonal(dense), rtol=1e-10)
    np.testing.assert_allclose(sampler.covariance_of([0, d - 1], range(d)), dense[[0, d - 1]], rtol=1e-10, atol=1e-12)

    for dtype in ("float64", "float32"):
        one = distribution.sampler(np.dtype(dtype))
        plan = Plan((10**6,), d, one.noise_ndim, dtype, as_root(3).child(0), (10**6,))
        rows = one.draw(plan, 0, 2 * plan.stripe + 11)
        assert (rows.shape, rows.dtype.name) == ((2 * plan.stripe + 11, d), dtype)
        stored = json.loads(canonical_json(one.record()))
        rebuilt = Sampler.of_kind(stored["kind"]).from_parameters(stored, one.parameters())
        assert type(rebuilt) is type(one)
        for start, stop in ((0, 5), (plan.stripe - 3, plan.stripe + 4), (plan.stripe, 2 * plan.stripe), (7, 7)):
            np.testing.assert_array_equal(rebuilt.draw(plan, start, stop), rows[start:stop])
    with pytest.raises(ArgumentError):
        type(sampler).from_parameters({**record, "more": 1}, parameters)
    for name in parameters:
        with pytest.raises(ArgumentError):
            type(sampler).from_parameters(
                record, {other: array for other, array in parameters.items() if other != name}
            )
    _check_laws(sampler, distribution.sample(50_000, seed=11).compute(), mean, dense)
    _check_points(distribution, sampler, mean, dense)


def _check_points(distribution: Distribution, sampler: Sampler, mean: Floats, dense: Floats) -> None:
    """Rows of Sobol' points follow the same laws, which they fill more evenly than independent ones."""
    if not sampler.is_made_of_normals:
        with pytest.raises(ArgumentError, match="`points` take the place of normals alone"):
            distribution.sample(2**13, seed=11, points="sobol")
        return
    rows = distribution.sample(2**13, seed=11, points="sobol").compute()
    np.testing.assert_array_equal(distribution.sample(2**13, seed=11, points="sobol", chunks=777), rows)
    _check_laws(sampler, rows, mean, dense)


def _check_laws(sampler: Sampler, rows: Floats, mean: Floats, dense: Floats) -> None:
    laws = sampler.laws()
    assert sampler.rank == np.linalg.matrix_rank(dense)
    columns = np.arange(len(mean))
    if laws.of_scores:
        standardised = sampler.scores(rows, columns)
        np.testing.assert_array_equal(sampler.scores(rows[:9, ::-1], columns[::-1]), standardised[:9, ::-1])
        limits = sampler.score_limits(columns, 2.0**-52)
        assert (limits.rounding < 1e-3).all()
        assert (limits.low < -4).all()
        assert (limits.high > 4).all()
    else:
        standardised = (rows - mean) / np.sqrt(np.diagonal(dense))
        for operation in (sampler.scores, sampler.score_limits):
            with pytest.raises(UnsupportedOperationError, match="no scores"):
                operation(cast(Any, rows), cast(Any, columns))
    for column in standardised.T:
        assert stats.kstest(column, cast(Any, laws.marginal_cdf)).pvalue > 1e-3
    kurtosis = (standardised**4).mean() / 3.0 - 1.0
    assert abs(kurtosis - laws.kurtosis_excess) < 0.05
    if laws.radial_cdf is not None:
        with suppress(UnsupportedOperationError):
            lengths = np.sqrt(sampler.squared_distances(rows))
            assert stats.kstest(lengths, cast(Any, laws.radial_cdf)).pvalue > 1e-3


def check_storage(storage: Storage, secrets: Sequence[str] = ()) -> None:
    """The contract of `Storage`; it lies in an empty place."""
    _check_files(storage)
    _check_listing(storage)
    _check_large_values(storage)
    _check_travel(storage, secrets)
    _check_removal(storage)
    _check_sweeping(storage)
    if storage.is_transactional:
        _check_optimistic_sessions(storage)
    else:
        _check_sessions(storage)
    _check_writers(storage)


def _check_writers(storage: Storage) -> None:
    """Who is at work is seen, or not at all."""
    counts = [storage.writers()]
    with storage.session():
        counts.append(storage.writers())
    counts.append(storage.writers())
    assert counts in ([0, 1, 0], [None, None, None])


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
    assert [entry for entry in storage.entries() if not is_lock(entry.key)] == []


def _check_listing(storage: Storage) -> None:
    sizes = {"a/x": 1, "a/b/c/y": 2, "ab/x": 3, "abc": 4, MANIFEST_KEY: 5, "a b/ü%20+": 6}
    for key, size in sizes.items():
        storage.write(key, [b"." * size])
    whole = [entry for entry in storage.entries() if not is_lock(entry.key)]
    assert {entry.key: entry.size for entry in whole} == sizes
    assert all(entry.regular and abs(entry.modified - time.time()) < 60 for entry in whole)
    assert len(whole) == len(sizes)
    for entry in whole:
        assert storage.entry(entry.key) == entry
    assert {entry.key for entry in storage.entries("a")} == {"a/x", "a/b/c/y"}
    assert {entry.key for entry in storage.entries("a/b")} == {"a/b/c/y"}
    assert storage.folders() == sorted([INTERNAL_FOLDER, "a", "a b", "ab"])
    assert (storage.folders("a"), storage.folders("a/b"), storage.folders("a/b/c")) == (["b"], ["c"], [])
    assert Storage.folders(storage, "a") == ["b"]
    for folder in ("none", "abc", "ab/x", "b", "a/b/c/y/z"):
        assert list(storage.entries(folder)) == [], folder
        assert storage.folders(folder) == [], folder
        assert list(storage.names(folder)) == [], folder
    assert sorted(storage.names("a")) == ["b", "x"]
    assert sorted(storage.names("a/b")) == ["c"]
    assert {"a", "ab", "abc", "a b"} <= set(storage.names(""))
    storage.remove_temporaries(lambda _: True)
    for key, size in sizes.items():
        assert storage.read(key).tobytes() == b"." * size
        storage.delete(key)
        storage.delete(key)
        assert storage.entry(key) is None


def _check_large_values(storage: Storage) -> None:
    large = np.random.default_rng(1).integers(0, 256, 20 * 2**20 + 3, np.uint8)
    storage.write("large", [large[:7].data, large[7:].data])
    np.testing.assert_array_equal(storage.read("large"), large)
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


def _check_removal(storage: Storage) -> None:
    kept = ["one", "two/c", f"{INTERNAL_FOLDER}/parameters/mean.npy"]
    gone = ["three", "two/d", "four/f/g", f"{INTERNAL_FOLDER}/h/i", "missing", "missing/j"]
    for key in (*kept, *gone[:4]):
        storage.write(key, [b"x"])
    with storage.session() as session:
        assert session.try_exclusive()
        session.begin_removal()
        session.delete_many(iter(gone))
        assert _files(storage) - {MANIFEST_KEY} == set(kept)
        session.replace("one", [b"an", b"other"])
        assert storage.read("one").tobytes() == b"another"
        session.delete_many(kept)
        session.delete_many([])
        assert _files(storage) <= {MANIFEST_KEY}
        session.replace(MANIFEST_KEY, [b"{}"])
        assert storage.read(MANIFEST_KEY).tobytes() == b"{}"
        storage.write("eight/nine", [b"x"])
        storage.delete("eight/nine")
        # What deleting one file leaves empty, a file may take the place of; a folder with a file in it stays.
        storage.write("eight/ten/one", [b"x"])
        # Checks before this one may have left some of theirs.
        before = list(storage.empty_folders())
        assert not any(folder.startswith("eight") for folder in before)
        assert list(storage.empty_folders("eight")) == []
        storage.delete("eight/ten/one")
        empty = [folder for folder in storage.empty_folders() if folder not in before]
        assert empty in (["eight/ten", "eight"], []), "innermost first; buckets have no folders"
        storage.delete_folders(["eight/ten", "eight", INTERNAL_FOLDER, "nothing"])
        assert "eight" not in storage.folders()
        assert storage.create("four", b"a file in place of a folder")
    assert all(storage.is_lock(entry.key) for entry in storage.entries() if is_lock(entry.key))
    for key in ("four", MANIFEST_KEY):
        storage.delete(key)


def _files(storage: Storage) -> set[str]:
    return {entry.key for entry in storage.entries() if not is_lock(entry.key)}


def _check_sweeping(storage: Storage) -> None:
    """Of temporary files those alone that were to become one's own."""
    digits = "0123456789abcdef" * 2
    own, left_over = "five", f"five.{digits}.partial"
    others = [f"six.{digits}.partial", f"{left_over}.txt", f"five.{digits[1:]}.partial", f"seven/{left_over}"]
    for key in (own, left_over, *others):
        storage.write(key, [b"x"])
    with storage.session() as session:
        assert session.try_exclusive()
        storage.remove_temporaries(lambda key: key == own)
        left = {entry.key for entry in storage.entries() if not is_lock(entry.key)}
    # In an object store no temporary file of ours can be: whatever has such a name is somebody's.
    assert left - {left_over} == {own, *others}
    assert (left_over in left) is not storage.has_locks
    for key in left:
        storage.delete(key)


def _check_sessions(storage: Storage) -> None:
    with storage.session() as one:
        storage.write(MANIFEST_KEY, [b"{}"])
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
        others = [each.key for each in storage.entries() if each.key != MANIFEST_KEY]
        assert all(map(is_lock, others))
    with storage.session() as third:
        assert third.try_exclusive()
    storage.delete(MANIFEST_KEY)


def _check_optimistic_sessions(storage: Storage) -> None:
    """What a session writes is seen when it is saved; of two exclusive ones that which is saved first counts."""
    storage.write(MANIFEST_KEY, [b"{}"])
    one, other = (pickle.loads(pickle.dumps(storage)) for _ in range(2))  # noqa: S301
    with suppress(StorageBusyError), one.session() as first:
        assert first.try_exclusive()
        first.replace("one", [b"1"])
        with other.session() as second:
            assert second.try_exclusive()
            second.replace("two", [b"2"])
            assert other.read("two").tobytes() == b"2"
            assert storage.entry("two") is None
            second.acquire_shared()
        with pytest.raises(StorageBusyError, match="nothing of it is changed"):
            first.acquire_shared()
        raise StorageBusyError("as a job does")
    with storage.session() as session:
        assert _files(storage) == {MANIFEST_KEY, "two"}
        with other.session():
            other.write("three", [b"3"])
        storage.write("four", [b"4"])
        session.save("both")
        assert _files(storage) == {MANIFEST_KEY, "two", "three", "four"}
        with suppress(StoreError), one.session() as late:
            one.write("five", [b"5"])
            session.replace(MANIFEST_KEY, [b"[]"])
            session.save("another store")
            with pytest.raises(StoreError, match="overwritten"):
                late.save("too late")
            raise StoreError("as a job does")
        assert "five" not in _files(storage)
    for key in ("two", "three", "four", MANIFEST_KEY):
        storage.delete(key)
