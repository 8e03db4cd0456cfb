from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mvn_dask
from mvn_dask.errors import (
    ArgumentError,
    DamagedManifestError,
    InvalidDistributionError,
    JobFileError,
    NotPositiveDefiniteError,
)
from mvn_dask.job.preparation import prepare, storage_of
from mvn_dask.maintenance.describe import describe
from mvn_dask.store.writing import to_zarr
from tests.support.jobs import COV, begin_elsewhere, job_in


def test_nothing_is_there(tmp_path: Path) -> None:
    work = prepare(job_in(tmp_path))
    assert work.stored is None
    assert not work.begun
    assert work.storage.name == str(tmp_path / "samples.zarr")
    assert not list(tmp_path.iterdir())


def test_they_are_what_the_library_would_write(tmp_path: Path) -> None:
    work = prepare(job_in(tmp_path))
    array = mvn_dask.MultivariateNormal([0.0, 1.0], COV).sample(1000, seed=42, chunks=100)
    to_zarr(array, tmp_path / "samples.zarr")
    again = prepare(job_in(tmp_path))
    assert again.begun
    assert again.manifest.text == work.manifest.text


@pytest.mark.parametrize("kind", ["SFC64", "PCG64", "Philox", "MT19937"])
@pytest.mark.parametrize("seed", [3, [3, 4]])
def test_seeds_are_numpys(kind: str, seed: Any, tmp_path: Path) -> None:
    work = prepare(job_in(tmp_path, sample={"seed": seed, "bit_generator": kind, "chunks": 100}))
    root = seed if kind == "SFC64" else getattr(np.random, kind)(seed)
    to_zarr(mvn_dask.MultivariateNormal([0.0, 1.0], COV).sample(1000, seed=root, chunks=100), tmp_path / "direct.zarr")
    assert describe(tmp_path / "direct.zarr").fingerprint == work.manifest.fingerprint


@pytest.mark.parametrize("seed", [3, np.random.PCG64(3)])
def test_points(seed: Any, tmp_path: Path) -> None:
    table = {"size": 1024, "seed": 3, "points": "sobol", "replicate": 2, "chunks": 100}
    kind = "SFC64" if seed == 3 else "PCG64"
    work = prepare(job_in(tmp_path, sample={**table, "bit_generator": kind}))
    normal = mvn_dask.MultivariateNormal([0.0, 1.0], COV)
    array = normal.sample(1024, seed=seed, points="sobol", replicate=2, chunks=100)
    to_zarr(array, tmp_path / "samples.zarr")
    again = prepare(job_in(tmp_path, sample={**table, "bit_generator": kind}))
    assert again.begun
    assert again.manifest.text == work.manifest.text
    other = prepare(job_in(tmp_path, sample={**table, "seed": 4}))
    assert not other.begun
    np.testing.assert_array_equal(other.spec.broadcast.arrays["mean"], [0.0, 1.0])


def test_a_factor_that_another_machine_made_is_taken(tmp_path: Path) -> None:
    theirs = begin_elsewhere(tmp_path)
    work = prepare(job_in(tmp_path))
    assert work.begun
    np.testing.assert_array_equal(work.spec.broadcast.sampler.parameters()["factor.matrix"], theirs)


@pytest.mark.parametrize(
    "tables",
    [
        {"distribution": {"cov": [[4.0, 1.0], [1.0, 9.5]]}},
        {"distribution": {"cov": COV, "mean": [0.0, 1.5]}},
        {"distribution": {"cov": COV, "method": "eigh"}},
        {"sample": {"dtype": "float32", "chunks": 100}},
    ],
)
def test_a_factor_of_something_else_is_not_taken(tables: dict[str, Any], tmp_path: Path) -> None:
    theirs = begin_elsewhere(tmp_path)
    work = prepare(job_in(tmp_path, **tables))
    assert not work.begun
    assert work.stored is not None
    assert not np.array_equal(work.spec.broadcast.sampler.parameters()["factor.matrix"], theirs)


def test_another_seed_is_another_job_with_the_same_factor(tmp_path: Path) -> None:
    theirs = begin_elsewhere(tmp_path, seed=41)
    work = prepare(job_in(tmp_path))
    assert not work.begun
    np.testing.assert_array_equal(work.spec.broadcast.sampler.parameters()["factor.matrix"], theirs)


@pytest.mark.parametrize("damage", ["lost", "torn", "flipped"])
def test_a_damaged_factor_is_made_anew(damage: str, tmp_path: Path) -> None:
    to_zarr(mvn_dask.MultivariateNormal([0.0, 1.0], COV).sample(1000, seed=42, chunks=100), tmp_path / "samples.zarr")
    path = tmp_path / "samples.zarr" / ".mvn_dask" / "parameters" / "factor.matrix.npy"
    if damage == "lost":
        path.unlink()
    else:
        content = path.read_bytes()
        path.write_bytes(content[:-8] if damage == "torn" else content[:-1] + bytes([content[-1] ^ 1]))
    assert prepare(job_in(tmp_path)).begun


def test_a_damaged_record_is_refused_unless_it_is_overwritten(tmp_path: Path) -> None:
    begin_elsewhere(tmp_path)
    (tmp_path / "samples.zarr" / ".mvn_dask" / "manifest.json").write_text("{")
    with pytest.raises(DamagedManifestError):
        prepare(job_in(tmp_path))
    assert prepare(job_in(tmp_path, output={"overwrite": True})).stored is None


def test_derived_numbers_there_give_no_factor(tmp_path: Path) -> None:
    x = mvn_dask.MultivariateNormal([0.0, 1.0], COV).sample(1000, seed=42, chunks=100)
    to_zarr(x * 2.0, tmp_path / "samples.zarr")
    work = prepare(job_in(tmp_path))
    assert not work.begun
    assert work.stored is not None


def test_the_sign_of_zero_decides_nothing(tmp_path: Path) -> None:
    manifests = [
        prepare(job_in(tmp_path, distribution={"mean": [zero, 1.0], "cov": COV})).manifest.text for zero in (0.0, -0.0)
    ]
    assert manifests[0] == manifests[1]


@pytest.mark.parametrize(
    ("tables", "error", "words"),
    [
        ({"distribution": {"cov": "missing.npy"}}, JobFileError, "missing.npy"),
        ({"distribution": {"cov": np.eye(3).tolist()}}, InvalidDistributionError, "job.toml: distribution"),
        ({"distribution": {"cov": [[1.0, float("nan")], [0.0, 1.0]]}}, InvalidDistributionError, "job.toml"),
        (
            {"distribution": {"cov": [[1.0, 2.0], [2.0, 1.0]], "method": "cholesky"}},
            NotPositiveDefiniteError,
            "job.toml: distribution",
        ),
        (
            {"distribution": {"cov": [[1.0, 2.0], [2.0, 1.0]], "check_valid": "raise"}},
            InvalidDistributionError,
            "job.toml: distribution",
        ),
        ({"output": {"shards": 7}}, JobFileError, "job.toml: output.shards"),
        ({"sample": {"size": 10**17, "chunks": 1000}}, ArgumentError, "chunks"),
    ],
)
def test_faults(tables: dict[str, Any], error: type[Exception], words: str, tmp_path: Path) -> None:
    with pytest.raises(error, match=words):
        prepare(job_in(tmp_path, **tables))
    assert not list(tmp_path.iterdir())


def test_targets(tmp_path: Path) -> None:
    assert storage_of(job_in(tmp_path, output={"url": "a/b.zarr"})).name == str(tmp_path / "a" / "b.zarr")
    assert storage_of(job_in(tmp_path, output={"url": "memory://a"})).name == "memory://a"
