"""What composite covariances share: members, records, and stores that are drawn again from these."""

import json
import os
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest
from distributed import Client

import mvn_dask
from mvn_dask.covariance import BlockDiagonal, Covariance, Dense, Diagonal, Factored, Kronecker, LowRank
from mvn_dask.covariance.base import factor_of_record
from mvn_dask.covariance.composition import NESTED_FACTORS, CompositeFactor, members_of
from mvn_dask.errors import ArgumentError, ArgumentTypeError, DamagedManifestError
from mvn_dask.store.storage.base import MANIFEST_KEY

PAIR = np.array([[2.0, 1.0], [1.0, 2.0]])
COMPOSITES: list[Covariance] = [
    Kronecker(Dense(PAIR), Diagonal([1.0, 2.0, 3.0])),
    BlockDiagonal(PAIR, LowRank([[1.0], [2.0], [3.0]], [0.0, 1.0, 2.0]), 4.0),
    BlockDiagonal(Kronecker(PAIR, Factored([[1.0, 2.0, 3.0], [0.0, 1.0, 1.0]])), Kronecker([1.0, 2.0], PAIR)),
]
IDS = ["kronecker", "blocks", "nested"]


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def sample(covariance: Covariance, rows: int = 100_000) -> da.Array:
    return mvn_dask.MultivariateNormal(np.arange(d := covariance.ndim), covariance, event_shape=d).sample(
        rows, seed=5, chunks=20_000
    )


@pytest.mark.parametrize("covariance", COMPOSITES, ids=IDS)
def test_a_store_is_verified_repaired_and_extended_from_itself(covariance: Covariance, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    mvn_dask.to_zarr(sample(covariance), folder)
    assert mvn_dask.verify(folder, level="values", full=True).ok
    os.truncate(folder / "samples" / "c" / "2" / "0", 100)
    (folder / "samples" / "c" / "4" / "0").unlink()
    assert mvn_dask.repair(folder).chunks == ((2, 0), (4, 0))
    assert mvn_dask.verify(folder, level="values", full=True).ok
    mvn_dask.extend(folder, 5_000)
    mvn_dask.to_zarr(sample(covariance, 105_000), tmp_path / "longer")
    assert tree(folder) == tree(tmp_path / "longer")
    report = mvn_dask.report(folder)
    assert report.ok, str(report)


@pytest.mark.faults
def test_on_worker_processes(processes: Client) -> None:
    """After what is kept of an inverse was made, which need not travel."""
    for covariance in COMPOSITES:
        assert covariance.factorize().rank == covariance.ndim
        rows = sample(covariance)
        np.testing.assert_array_equal(processes.compute(rows).result(), rows.compute(scheduler="threads"))


@pytest.mark.parametrize("wrong", ["kind", "number", "members", "list", "deep"])
def test_damaged_records(wrong: str, tmp_path: Path) -> None:
    mvn_dask.to_zarr(sample(COMPOSITES[0], 10), tmp_path / "store")
    path = tmp_path / "store" / MANIFEST_KEY
    values = json.loads(path.read_text())["samples"][0]
    factor: dict[str, Any] = {"kind": "kronecker", "members": [{"kind": "triangular"}, {"kind": "scale"}]}
    assert values["distribution"]["factor"] == factor
    deep: Any = {"kind": "triangular"}
    for _ in range(2000):
        deep = {"kind": "kronecker", "members": [deep]}
    changed: Any = {
        "kind": {**factor, "members": [{"kind": "scale"}, {"kind": "scale"}]},
        "number": {**factor, "members": factor["members"][:1]},
        "members": {"kind": "kronecker"},
        "list": {**factor, "members": {"0": factor["members"][0]}},
        "deep": {**factor, "members": [deep, {"kind": "scale"}]},
    }[wrong]
    from mvn_dask.sampling.replay import replay_sample

    arrays = mvn_dask.MultivariateNormal(np.arange(6), COMPOSITES[0]).sampler(np.dtype("f8")).parameters()
    assert replay_sample(values, arrays).sampler.factor.ndim == 6
    values["distribution"]["factor"] = changed
    with pytest.raises(DamagedManifestError, match="record of the sample is damaged"):
        replay_sample(values, arrays)


@pytest.mark.parametrize("covariance", COMPOSITES, ids=IDS)
def test_arrays_that_are_not_those_of_the_record(covariance: Covariance) -> None:
    factor = covariance.factorize()
    arrays, record = factor.arrays(), factor.record()
    assert all(name.startswith("member") for name in arrays)
    renamed = {name.replace("member0", "member7"): array for name, array in arrays.items()}
    for wrong in ({}, renamed, {**arrays, "scale": np.ones(2)}, {**arrays, "member9.scale": np.ones(2)}):
        with pytest.raises(ArgumentError):
            factor_of_record(record, wrong)
    with pytest.raises(ArgumentError, match="alone do not say what members"):
        type(factor).from_arrays(arrays)
    with pytest.raises(ArgumentError):
        factor_of_record({"kind": factor.kind, "members": []}, {})


@pytest.mark.parametrize("whole", [Kronecker, BlockDiagonal])
def test_members_that_are_none(whole: Any) -> None:
    name = whole.__name__
    with pytest.raises(ArgumentError, match=f"{name} needs at least one covariance"):
        whole()
    for several in ([np.eye(2), np.eye(3)], [PAIR, PAIR], (1.0, Dense(PAIR))):
        with pytest.raises(ArgumentTypeError, match=rf"not a list: {name}\(\*covariances\)"):
            whole(several)
    wrong: Any
    for wrong, message in (
        ([PAIR, PAIR], "cov must be 2 dimensional and square"),
        (np.ones((2, 3)), r"the shape of `cov` is \(2, 3\)"),
        ([[1.0, np.nan], [0.0, 1.0]], r"cov\[0, 1\] is nan"),
        (np.ones((0, 0)), "must not be empty"),
        ([], "not empty"),
    ):
        with pytest.raises(ArgumentError, match=f"member 1 of {name}: .*{message}"):
            whole(PAIR, wrong)
    others: list[Any] = ["text", None, [[1j]], {"a": 1}, object()]
    for wrong in others:
        with pytest.raises(ArgumentTypeError, match=f"member 1 of {name}: "):
            whole(PAIR, wrong)
    with pytest.raises(ArgumentError, match="must name every variable"):
        whole(PAIR, PAIR, names=["a"])
    indefinite = whole([[1.0, 2.0], [2.0, 1.0]], 1.0)
    with pytest.warns(RuntimeWarning, match="positive-semidefinite"):
        mvn_dask.MultivariateNormal(np.zeros(indefinite.ndim), indefinite)


def test_nesting_ends() -> None:
    inner: Covariance = Diagonal([1.0])
    for _ in range(NESTED_FACTORS):
        inner = BlockDiagonal(inner, 1.0)
    mvn_dask.MultivariateNormal(np.zeros(inner.ndim), inner).sample(3, seed=1).compute()
    assert max(map(len, inner.factorize().arrays())) < 90
    with pytest.raises(ArgumentError, match="nested at most 6 deep"):
        Kronecker(inner, 2.0)


def test_members_are_values() -> None:
    numbers = PAIR.copy()
    one = Kronecker(numbers, da.ones(3, chunks=1))
    numbers[0, 0] = 7.0
    assert one == Kronecker(Dense(PAIR), np.ones(3))
    assert hash(one) == hash(Kronecker(Dense(PAIR), np.ones(3)))
    assert one != Kronecker(np.ones(3), PAIR)
    assert one != Kronecker(Dense(PAIR, method="eigh"), np.ones(3))
    assert one != BlockDiagonal(PAIR, np.ones(3))
    assert one.record()["members"] == [member.record() for member in one.members]
    assert members_of("Kronecker", [one])[0] is one


@pytest.mark.parametrize("covariance", COMPOSITES, ids=IDS)
def test_memory_is_that_of_the_members(covariance: Covariance) -> None:
    factor = covariance.factorize()
    assert isinstance(factor, CompositeFactor)
    assert factor.nbytes == sum(member.nbytes for member in factor.members)
    assert factor.packed_nbytes == sum(member.packed_nbytes for member in factor.members)
    assert len(repr(covariance)) < 130
