from pathlib import Path
from typing import Any, get_args

import pytest

from mvn_dask.errors import JobFileError
from mvn_dask.job.job import Job
from mvn_dask.job.schema.array_values import FileTable
from mvn_dask.job.schema.covariance_table import (
    EXAMPLES,
    OPTIONAL_KEYS,
    REQUIRED_KEYS,
    CovarianceTable,
    FunctionTable,
    Kind,
)
from tests.support.jobs import job

GRID = {"kind": "stationary-grid", "function": {"name": "gaussian", "length": 1}, "shape": 4}


def test_every_kind_has_keys() -> None:
    keys = {"kind"}.union(*REQUIRED_KEYS.values(), *OPTIONAL_KEYS.values())
    assert REQUIRED_KEYS.keys() == OPTIONAL_KEYS.keys() == set(get_args(Kind))
    assert keys == CovarianceTable.model_fields.keys()


def test_examples_are_values() -> None:
    for value in EXAMPLES.values():
        table = job(distribution={"cov": value}).distribution.cov
        assert isinstance(table, FileTable if isinstance(value, str) else CovarianceTable)


def test_what_a_table_holds() -> None:
    inner = {"kind": "precision", "precision": {"kind": "banded", "bands": [[1, 2]], "lower": False}}
    table = job(distribution={"cov": {"kind": "kronecker", "members": ["a.npy", 2, inner]}}).distribution.cov
    assert isinstance(table, CovarianceTable)
    assert table.members is not None
    first, second, third = table.members
    assert (first, second) == (FileTable(path="a.npy"), 2.0)
    assert isinstance(third, CovarianceTable)
    assert third.precision == CovarianceTable(kind="banded", bands=((1.0, 2.0),), lower=False)
    grid = job(distribution={"cov": {**GRID, "spacing": [1, 2.5], "shape": ["1e2", 3], "padding": 4}}).distribution.cov
    assert isinstance(grid, CovarianceTable)
    assert (grid.shape, grid.spacing, grid.padding) == ((100, 3), (1.0, 2.5), 4)
    assert grid.function == FunctionTable(name="gaussian", length=1.0)


FAULTS: list[tuple[Any, str]] = [
    ({"matrix": "a.npy"}, "cov.kind: is required"),
    ({"kind": "lowrank"}, 'cov.kind: must be "dense", "diagonal", "factored", "low-rank", "from-correlation", '),
    ({"kind": 3}, 'cov.kind: must be "dense", '),
    ({"kind": "dense"}, 'cov.matrix: is required with kind = "dense"'),
    ({"kind": "low-rank", "loadings": "a.npy"}, 'cov.variances: is required with kind = "low-rank"'),
    (
        {"kind": "toeplitz", "first_column": [1], "matrix": "a.npy"},
        'cov.matrix: means nothing with kind = "toeplitz", which takes first_column, names',
    ),
    ({"kind": "banded", "bands": "b.npy", "lower": 1}, "cov.lower: must be true or false, not 1"),
    ({"kind": "banded", "bands": "b.npy", "lowr": True}, "cov.lowr: unknown key; did you mean distribution.cov.lower?"),
    (
        {"kind": "banded", "bands": True},
        "cov.bands: must be a path or URL, a table with `path` and `key`, a number, or",
    ),
    ({"kind": "banded", "bands": ["a"]}, 'cov.bands: must hold numbers only, and "a" is none'),
    ({"kind": "kronecker", "members": []}, "cov.members: must not be an empty list"),
    ({"kind": "kronecker", "members": "a.npy"}, "cov.members: must be a list of covariances"),
    (
        {"kind": "kronecker", "members": [[1], True]},
        "cov.members.1: must be a path or URL, a table with `path` and `key`",
    ),
    ({"kind": "kronecker", "members": [{"kind": "x"}]}, 'cov.members.0.kind: must be "dense", '),
    (
        {"kind": "kronecker", "members": [{"kind": "dense", "mtrix": 1, "matrix": 1}]},
        "cov.members.0.mtrix: unknown key; did",
    ),
    ({"kind": "scaled", "covariance": {"kind": "sparse"}, "std": 1}, "cov.covariance.matrix: is required with kind ="),
    ({"kind": "scaled", "covariance": "s3://u:p@b/x", "std": 1}, "cov.covariance.path: must hold no credentials"),
    ({"kind": "precision", "precision": {"path": "a.npz", "key": ""}}, "cov.precision.key: must be text, not empty"),
    ({"kind": "sparse", "matrix": "a.npz", "ordering": "amd"}, 'cov.ordering: must be "auto", "nested_dissection", '),
    (
        {"kind": "dense", "matrix": 1, "method": "qr"},
        'cov.method: must be "auto", "svd", "eigh" or "cholesky", not "qr"',
    ),
    ({"kind": "dense", "matrix": 1, "tol": "x"}, 'cov.tol: must be a number, not "x"'),
    ({"kind": "dense", "matrix": 1, "names": "a"}, "cov.names: must be a list of texts"),
    ({"kind": "dense", "matrix": 1, "names": [1]}, "cov.names.0: must be text, not 1"),
    ({**GRID, "function": None}, 'cov.function: is required with kind = "stationary-grid"'),
    ({**GRID, "function": 3}, "cov.function: must be a table with `name` and its parameters, or a text"),
    ({**GRID, "function": "numpy"}, "cov.function: must be a table with `name`, or a module and a name in it, as"),
    ({**GRID, "function": "../a:f"}, "cov.function: must be a table with `name`, or a module and a name in it, as"),
    ({**GRID, "function": "os:system('x')"}, "cov.function: must be a table with `name`, or a module and a name in it"),
    ({**GRID, "function": {"name": "cubic"}}, 'cov.function.name: must be "exponential", "gaussian", "matern" or'),
    ({**GRID, "function": {"length": 1}}, "cov.function.name: is required"),
    ({**GRID, "function": {"name": "matern", "length": 1}}, 'cov.function.nu: is required with name = "matern"'),
    (
        {**GRID, "function": {"name": "spherical", "range": 1, "length": 2}},
        'cov.function.length: means nothing with name = "spherical", which takes range, variance',
    ),
    ({**GRID, "function": {"name": "gaussian", "length": "1"}}, 'cov.function.length: must be a number, not "1"'),
    ({**GRID, "shape": [4, 0]}, "cov.shape: must be an integer of at least 1, not 0"),
    ({**GRID, "shape": []}, "cov.shape: must not be an empty list"),
    ({**GRID, "shape": 2.5}, "cov.shape: must be "),
    ({**GRID, "padding": -1}, "cov.padding: must be an integer of at least 0, not -1"),
    ({**GRID, "spacing": [[1]]}, "cov.spacing: must hold numbers only, and [1] is none"),
    ({**GRID, "names": ["a"]}, 'cov.names: means nothing with kind = "stationary-grid"'),
]


@pytest.mark.parametrize(("table", "fault"), FAULTS)
def test_faults(table: Any, fault: str) -> None:
    with pytest.raises(JobFileError) as caught:
        job(distribution={"cov": table})
    assert str(caught.value).startswith(f"job.toml: distribution.{fault}")
    assert "\n" not in str(caught.value)


FILE = """\
version = 1
sample = {size = 10, seed = 1}
output.url = "x.zarr"
[distribution]
mean = 0.0
[distribution.cov]
kind = "block-diagonal"
[[distribution.cov.members]]
kind = "banded"
bands = "a.npy"
[[distribution.cov.members]]
kind = "scaled"
std = 1
lower = true
[distribution.cov.members.covariance]
kind = "dense"
matrx = 1
"""


def test_lines_of_tables_in_lists(tmp_path: Path) -> None:
    path = tmp_path / "job.toml"
    path.write_text(FILE)
    with pytest.raises(JobFileError) as caught:
        Job.from_toml(path)
    assert str(caught.value).splitlines() == [
        f"{path}:17: distribution.cov.members.1.covariance.matrx: unknown key; did you mean "
        "distribution.cov.members.1.covariance.matrix?"
    ]
    path.write_text(FILE.replace("matrx", "matrix"))
    with pytest.raises(JobFileError) as caught:
        Job.from_toml(path)
    assert str(caught.value) == (
        f'{path}:14: distribution.cov.members.1.lower: means nothing with kind = "scaled", which takes '
        "covariance, std, names"
    )


def test_options_of_storage_go_with_a_url_inside() -> None:
    options = {"storage_options": {"region": "eu"}}
    members = [{"kind": "scaled", "covariance": "s3://bucket/x", "std": 1.0}]
    cov = {"kind": "kronecker", "members": members}
    assert job(distribution={"cov": cov, **options}).distribution.cov is not None
    members[0]["covariance"] = "x.npy"
    with pytest.raises(JobFileError, match="storage_options: go with a URL, and no array here has one"):
        job(distribution={"cov": cov, **options})
