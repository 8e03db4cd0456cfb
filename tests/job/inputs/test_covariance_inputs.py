from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import xarray as xr

import mvn_dask
from mvn_dask.covariance import Banded, BlockDiagonal, Covariance, Dense, Diagonal
from mvn_dask.errors import InvalidDistributionError, JobFileError, MvnDaskError, NotPositiveDefiniteError
from mvn_dask.job.inputs.covariance_inputs import structured_covariance
from mvn_dask.job.inputs.distribution_inputs import distribution_inputs, distribution_of
from mvn_dask.job.job import Job
from mvn_dask.job.schema.covariance_table import REQUIRED_KEYS
from tests.support.job_inputs import job_in
from tests.support.job_structures import LOADINGS, MATRIX, STRUCTURES, made, put_files
from tests.support.jobs import mapping


def covariance(folder: Path, table: Any, **distribution: Any) -> Covariance:
    job = job_in(folder, mean=0, cov=table, **distribution)
    assert job.distribution.cov is not None
    found = structured_covariance(job, "cov", job.distribution.cov)
    assert found is not None
    return found


def test_every_kind_is_here() -> None:
    tables = [each.table for each in STRUCTURES.values() if isinstance(each.table, dict)]
    assert {table["kind"] for table in tables} == REQUIRED_KEYS.keys()


@pytest.mark.parametrize("name", STRUCTURES)
def test_it_is_the_object_of_python_bit_for_bit(name: str, tmp_path: Path) -> None:
    put_files(tmp_path)
    structure = STRUCTURES[name]
    expected = made(structure)
    found = covariance(tmp_path, structure.table)
    assert type(found) is type(expected)
    assert found == expected
    assert found.record() == expected.record()
    mean = np.arange(float(expected.ndim))
    ours = distribution_of(job_in(tmp_path, mean=mean.tolist(), cov=structure.table))
    rows = mvn_dask.MultivariateNormal(mean, expected).sample(64, seed=5)
    np.testing.assert_array_equal(ours.sample(64, seed=5).compute(), rows.compute())


def test_plain_values_are_left_to_others(tmp_path: Path) -> None:
    put_files(tmp_path)
    for value in (2.0, [1.0, 2.0, 3.0], "matrix.npy", {"path": "many.npz", "key": "std"}):
        job = job_in(tmp_path, mean=0, cov=value)
        assert job.distribution.cov is not None
        assert structured_covariance(job, "cov", job.distribution.cov) is None
    assert isinstance(distribution_inputs(job_in(tmp_path, mean=[1, 2], cov=2.0)).cov, np.ndarray)


def test_settings_of_the_distribution_are_those_of_every_matrix(tmp_path: Path) -> None:
    put_files(tmp_path)
    own = {"kind": "dense", "matrix": "matrix.npy", "method": "cholesky", "check_valid": "ignore", "tol": 0.25}
    members = ["matrix.npy", {"kind": "dense", "matrix": "matrix.npy"}, own, {"kind": "diagonal", "variances": [1]}]
    table = {"kind": "block-diagonal", "members": members}
    found = covariance(tmp_path, table, method="eigh", check_valid="warn", tol=0.5)
    assert isinstance(found, BlockDiagonal)
    first, second, third, fourth = found.members
    for each in (first, second):
        assert isinstance(each, Dense)
        assert (each.method, each.check_valid, each.tol) == ("eigh", "warn", 0.5)
    assert isinstance(third, Dense)
    assert (third.method, third.check_valid, third.tol) == ("cholesky", "ignore", 0.25)
    assert isinstance(fourth, Diagonal)
    assert fourth.check_valid == "warn"


def test_labels_of_files_are_names(tmp_path: Path) -> None:
    names = ["oil", "gas", "tin"]
    pd.DataFrame(MATRIX, names, names).to_csv(tmp_path / "matrix.csv")
    pd.DataFrame(LOADINGS, names, ["market"]).to_csv(tmp_path / "loadings.csv")
    pd.DataFrame([[1.0] * 3], ["variance"], names).to_csv(tmp_path / "bands.csv")
    pd.Series([1.0, 2.0, 3.0], names).to_csv(tmp_path / "std.csv")
    pd.DataFrame(LOADINGS, names, ["market"]).to_parquet(tmp_path / "loadings.parquet")
    array = xr.DataArray(LOADINGS, dims=("asset", "factor"), coords={"asset": names, "factor": ["market"]})
    array.to_dataset(name="loadings").to_zarr(tmp_path / "loadings.zarr", consolidated=False, zarr_format=2)
    for table in (
        {"kind": "dense", "matrix": "matrix.csv"},
        {"kind": "factored", "matrix": "loadings.csv"},
        {"kind": "low-rank", "loadings": "loadings.csv", "variances": 1},
        {"kind": "low-rank", "loadings": "loadings.parquet", "variances": "std.csv"},
        {"kind": "low-rank", "loadings": "loadings.zarr", "variances": 1},
        {"kind": "banded", "bands": "bands.csv"},
        {"kind": "scaled", "covariance": {"kind": "banded", "bands": "bands.csv"}, "std": 2},
        {"kind": "scaled", "covariance": [1, 2, 3], "std": "std.csv"},
        {"kind": "precision", "precision": "matrix.csv"},
        {"kind": "block-diagonal", "members": ["matrix.csv"]},
        {"kind": "toeplitz", "first_column": [1, 0.5, 0.25], "names": names},
    ):
        found = distribution_inputs(job_in(tmp_path, mean=0, cov=table))
        assert found.event.names == tuple(names), table
        with pytest.raises(
            InvalidDistributionError, match="must agree: variable 0 is 'a' in one and 'oil' in the other"
        ):
            distribution_inputs(_job_of_means(tmp_path, table))


def _job_of_means(folder: Path, table: Any) -> Job:
    pd.Series([0.0, 1.0, 2.0], ["a", "b", "c"]).to_csv(folder / "mean.csv")
    return job_in(folder, mean="mean.csv", cov=table)


def test_the_corners_of_bands_may_be_anything(tmp_path: Path) -> None:
    for corner in (np.nan, np.inf, 7.0):
        bands = [[corner, -1.0, -1.0], [4.0, 4.0, 4.0]]
        np.save(tmp_path / "bands.npy", bands)
        assert covariance(tmp_path, {"kind": "banded", "bands": "bands.npy"}) == Banded(bands)
        assert covariance(tmp_path, {"kind": "banded", "bands": bands}) == Banded(bands)


GRID = {"kind": "stationary-grid", "function": {"name": "gaussian", "length": 5}, "shape": [4, 5]}
FAULTS: list[tuple[Any, str]] = [
    ({"kind": "dense", "matrix": [[1, 2, 3]]}, "cov: "),
    ({"kind": "dense", "matrix": "none.npy"}, "cov.matrix: {}none.npy: there is no such file"),
    ({"kind": "dense", "matrix": "nan.npy"}, "cov.matrix: {}nan.npy: must be finite: cov.matrix[0] is nan"),
    ({"kind": "dense", "matrix": [[1, 2], [3]]}, "cov.matrix: row 2 has 1 number, and the first row has 2"),
    ({"kind": "dense", "matrix": "sparse.npz"}, "cov.matrix: {}sparse.npz: it holds "),
    ({"kind": "diagonal", "variances": [[1]]}, "cov: "),
    ({"kind": "diagonal", "variances": [1, -1]}, "cov: "),
    ({"kind": "factored", "matrix": [1, 2]}, "cov: "),
    ({"kind": "low-rank", "loadings": "loadings.npy", "variances": [1, 2]}, "cov: "),
    ({"kind": "low-rank", "loadings": "loadings.npy", "variances": [1, 2, -3]}, "cov: "),
    ({"kind": "from-correlation", "correlation": [[1, 2], [2, 1]], "std": 1}, "cov: "),
    ({"kind": "from-correlation", "correlation": "matrix.npy", "std": [1, 2]}, "cov: "),
    ({"kind": "scaled", "covariance": "matrix.npy", "std": [1, 2]}, "cov: "),
    ({"kind": "scaled", "covariance": "matrix.npy", "std": [1, -2, 3]}, "cov: "),
    ({"kind": "scaled", "covariance": {"kind": "toeplitz", "first_column": [1, 2]}, "std": 1}, "cov.covariance: "),
    ({"kind": "kronecker", "members": [[1], [[1, 2]]]}, "cov.members.1: "),
    ({"kind": "kronecker", "members": ["none.npy"]}, "cov.members.0: {}none.npy: there is no such file"),
    ({"kind": "block-diagonal", "members": [1, {"kind": "circulant", "first_column": [1, 2, 3]}]}, "cov.members.1: "),
    ({"kind": "banded", "bands": [1, 2]}, "cov: "),
    ({"kind": "banded", "bands": [[1, float("nan")]]}, "cov: "),
    ({"kind": "precision", "precision": [1, 2]}, "cov: `precision` must be 2 dimensional, square"),
    ({"kind": "precision", "precision": {"kind": "diagonal", "variances": [1]}}, "cov: `precision` must be a matrix, "),
    ({"kind": "precision", "precision": "one-sided.npz"}, "cov: `precision` must be symmetric"),
    ({"kind": "sparse", "matrix": "matrix.npy"}, "cov.matrix: {}matrix.npy: must be a sparse matrix: a .npz file, as"),
    ({"kind": "sparse", "matrix": [[1]]}, "cov.matrix: must be a sparse matrix: a .npz file, as scipy.sparse.save_npz"),
    ({"kind": "sparse", "matrix": "many.npz"}, "cov.matrix: {}many.npz: must be a sparse matrix"),
    ({"kind": "sparse", "matrix": "none.npz"}, "cov.matrix: {}none.npz: there is no such file"),
    ({"kind": "sparse", "matrix": "one-sided.npz"}, "cov: `matrix` must be symmetric"),
    ({"kind": "sparse", "matrix": "forged.npz"}, "cov.matrix: {}forged.npz: is damaged, or of another kind"),
    ({"kind": "sparse", "matrix": "huge.npz"}, "cov: `matrix` is not positive definite: it has 1 entry"),
    ("one-sided.npz", "cov: "),
    ("forged.npz", "cov: {}forged.npz: is damaged, or of another kind"),
    (GRID, "cov: "),
    ({**GRID, "shape": [2, 2, 2, 2]}, "cov: "),
    ({**GRID, "spacing": [1, 2, 3]}, "cov: "),
    ({**GRID, "spacing": 0}, "cov: "),
    ({**GRID, "function": {"name": "matern", "length": 1, "nu": 99}}, "cov.function: "),
    ({**GRID, "function": {"name": "gaussian", "length": -1}}, "cov.function: "),
    ({**GRID, "function": "mvn_nowhere:f"}, "cov.function: the module mvn_nowhere cannot be imported: No module named"),
    ({**GRID, "function": "math:nothing"}, "cov.function: there is no nothing in the module math"),
    ({**GRID, "function": "math:pi"}, "cov.function: math:pi must be a function of an array of distances, not float"),
    ({**GRID, "function": "math:cos"}, "cov: "),
    ({"kind": "toeplitz", "first_column": [[1]]}, "cov: "),
    ({"kind": "toeplitz", "first_column": [0.5, 1]}, "cov: "),
    ({"kind": "circulant", "first_column": [1, 0.5, 0.25]}, "cov: "),
    ({"kind": "toeplitz", "first_column": [1, 0.5], "names": ["a"]}, "cov: `names` must name every variable"),
    ({"kind": "dense", "matrix": "matrix.npy", "names": ["a", "a", "b"]}, "cov: "),
]


def put_bad_files(folder: Path) -> None:
    put_files(folder)
    np.save(folder / "nan.npy", [np.nan, 1.0])
    one_sided = scipy.sparse.csc_array([[4.0, 1.0], [0.0, 4.0]])
    scipy.sparse.save_npz(folder / "one-sided.npz", one_sided)
    forged = {"format": b"csc", "shape": (2, 2), "indices": [0, 9], "indptr": [0, 9, 2]}
    np.savez(folder / "forged.npz", data=[1.0, 2.0], **forged)  # type: ignore[arg-type]
    place = ([0], [0])
    scipy.sparse.save_npz(folder / "huge.npz", scipy.sparse.coo_array(([1.0], place), shape=(10**12, 10**12)))


@pytest.mark.parametrize(("table", "fault"), FAULTS)
def test_faults_are_a_line_with_job_and_key(table: Any, fault: str, tmp_path: Path) -> None:
    put_bad_files(tmp_path)
    with pytest.raises((InvalidDistributionError, JobFileError, NotPositiveDefiniteError)) as caught:
        distribution_of(job_in(tmp_path, mean=0, cov=table))
    text = str(caught.value)
    start = fault.format(f"{tmp_path}/")
    assert text.startswith((f"job.toml: distribution.{start}", "job.toml: distribution: ")), text
    assert text.startswith("job.toml: distribution: ") <= (start == "cov: "), text
    assert "\n" not in text


def test_names_of_files_that_cannot_be(tmp_path: Path) -> None:
    for table in ("x" * 300 + ".npz", {"kind": "sparse", "matrix": "x" * 300 + ".npz"}):
        with pytest.raises(JobFileError, match=r"^job\.toml: distribution\.cov.*: cannot be read: File name too long$"):
            distribution_of(job_in(tmp_path, mean=0, cov=table))


def test_a_sparse_file_with_a_huge_shape_takes_no_memory(tmp_path: Path) -> None:
    put_bad_files(tmp_path)
    with pytest.raises(MvnDaskError) as caught:
        distribution_of(job_in(tmp_path, mean=0, cov="huge.npz"))
    assert str(caught.value).startswith("job.toml: distribution.cov: ")


def test_what_fails_while_factorising(tmp_path: Path) -> None:
    indefinite = {"kind": "kronecker", "members": [[[1, 2], [2, 1]], [1]]}
    for table in (indefinite, {"kind": "banded", "bands": [[0, 9], [1, 1]]}):
        with pytest.raises(
            (InvalidDistributionError, NotPositiveDefiniteError), match=r"^job\.toml: distribution: "
        ) as e:
            distribution_of(job_in(tmp_path, mean=0, cov=table))
        assert "\n" not in str(e.value)


def test_means_of_another_length(tmp_path: Path) -> None:
    with pytest.raises(InvalidDistributionError) as caught:
        distribution_inputs(job_in(tmp_path, mean=[1, 2], cov={"kind": "toeplitz", "first_column": [1, 0.5, 0.25]}))
    assert str(caught.value) == "job.toml: distribution.mean: has 2 variables, and cov has 3"


def test_lines_of_the_job_file(tmp_path: Path) -> None:
    text = """\
version = 1
sample = {size = 10, seed = 1}
output.url = "x.zarr"
[distribution]
mean = 0.0
[distribution.cov]
kind = "kronecker"
[[distribution.cov.members]]
kind = "toeplitz"
first_column = [1, 2]
[[distribution.cov.members]]
kind = "banded"
bands = "none.npy"
"""
    path = tmp_path / "job.toml"
    path.write_text(text)
    with pytest.raises(InvalidDistributionError) as caught:
        distribution_of(Job.from_toml(path))
    assert str(caught.value).startswith(f"{path}:8: distribution.cov.members.0: `first_column` ")
    path.write_text(text.replace("[1, 2]", "[1, 0.5]"))
    with pytest.raises(JobFileError) as missing:
        distribution_of(Job.from_toml(path))
    assert str(missing.value) == (
        f"{path}:13: distribution.cov.members.1.bands: {tmp_path}/none.npy: there is no such file"
    )
    override = ['distribution.cov={kind = "banded", bands = "none.npy"}']
    with pytest.raises(
        JobFileError, match=r"^--set distribution\.cov=…: distribution\.cov\.bands: .*none\.npy: there is"
    ):
        distribution_of(Job.from_toml(path, override))


def test_relative_paths_start_at_the_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "inputs").mkdir()
    put_files(tmp_path / "inputs")
    monkeypatch.setenv("INPUTS", "inputs")
    table = {
        "kind": "kronecker",
        "members": ["${INPUTS}/sparse.npz", {"kind": "factored", "matrix": "inputs/loadings.npy"}],
    }
    job = Job.from_mapping(mapping(distribution={"mean": 0, "cov": table}), folder=tmp_path)
    assert distribution_of(job).ndim == 18
