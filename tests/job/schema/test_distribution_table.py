from typing import Any

import pytest

from mvn_dask.errors import JobFileError
from mvn_dask.job.schema.array_values import FileTable
from tests.support.jobs import job


def test_means() -> None:
    for mean, meant in [
        (0, 0.0),
        (0.5, 0.5),
        ([1, 2.5], (1.0, 2.5)),
        ("mean.npy", FileTable(path="mean.npy")),
        ({"path": "a.npz", "key": "m"}, FileTable(path="a.npz", key="m")),
        ("s3://bucket/x.zarr", FileTable(path="s3://bucket/x.zarr")),
        (
            "abfs://container@account.dfs.core.windows.net/x",
            FileTable(path="abfs://container@account.dfs.core.windows.net/x"),
        ),
        ("Erträge π.csv", FileTable(path="Erträge π.csv")),
    ]:
        assert job(distribution={"mean": mean}).distribution.mean == meant


def test_covariances() -> None:
    assert job(distribution={"cov": [[1, 0], [0, 1]]}).distribution.cov == ((1.0, 0.0), (0.0, 1.0))
    other = job(distribution={"cov": None, "correlation": "r.csv", "standard_deviations": 2}).distribution
    assert (other.correlation, other.standard_deviations) == (FileTable(path="r.csv"), 2.0)
    assert {key for key, value in other if isinstance(value, FileTable)} == {"correlation"}


FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"cov": None}, "cov: is required, or correlation and standard_deviations, or data"),
    ({"cov": None, "correlation": 1}, "standard_deviations: is required beside correlation"),
    ({"cov": None, "standard_deviations": 1}, "correlation: is required beside standard_deviations"),
    ({"correlation": 1}, "correlation: must not be given beside cov: it is one or the other"),
    ({"mean": None}, "mean: is required, or data"),
    ({"mean": True}, "mean: must be a path or URL, a table with `path` and `key`, a number, or a list of numbers, not"),
    ({"mean": []}, "mean: must not be empty"),
    ({"mean": [[1, 2]]}, "mean: must be a number or a list of numbers, not a matrix"),
    ({"mean": ""}, "mean.path: must be text, not empty"),
    ({"mean": "a\nb"}, "mean.path: must be text, not empty, and without control characters"),
    ({"mean": ["a"]}, 'mean: must hold numbers only, and "a" is none'),
    ({"mean": [True]}, "mean: must hold numbers only, and true is none"),
    ({"mean": 10**400}, "mean: must be a number that float64 can hold, not an integer of 1329 bits"),
    ({"cov": [[[1]]]}, "cov: must hold numbers only, and [1] is none"),
    ({"cov": [1, [2]]}, "cov: must be a list of numbers or a list of such lists, and not both"),
    ({"cov": [[1], []]}, "cov: must not be empty"),
    ({"cov": {"path": "a.npz", "key": ""}}, "cov.key: must be text, not empty"),
    ({"cov": "s3://u:p@b/x"}, "cov.path: must hold no credentials or queries: give them as storage_options"),
    ({"method": "qr"}, 'method: must be "auto", "svd", "eigh" or "cholesky", not "qr"'),
    ({"check_valid": False}, 'check_valid: must be "warn", "raise" or "ignore", not false'),
    ({"tol": -1}, "tol: must be finite and not negative, not -1.0"),
    ({"tol": float("nan")}, "tol: must be finite and not negative, not nan"),
    ({"tol": float("inf")}, "tol: must be finite and not negative, not inf"),
    ({"storage_options": {"region": "x"}}, "storage_options: go with a URL, and no array here has one"),
]


def test_faults() -> None:
    for table, fault in FAULTS:
        with pytest.raises(JobFileError) as caught:
            job(distribution=table)
        assert str(caught.value).startswith(f"job.toml: distribution.{fault}")
        assert "\n" not in str(caught.value)


def test_options_for_a_url() -> None:
    table = job(distribution={"cov": "s3://bucket/x", "storage_options": {"region": "eu"}}).distribution
    assert table.storage_options.get_secret_value() == {"region": "eu"}


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ({"kind": "t", "data": "x.csv"}, 'df: is required with kind = "t"'),
        ({"kind": "t", "df": 4.0, "shape": 1.0}, 'location: is required with kind = "t", or data'),
        ({"kind": "t", "df": 4.0, "data": "x.csv", "shape": 1.0}, "shape: must not be given beside data"),
        ({"kind": "t", "df": 2.0, "data": "x.csv"}, "df: must be greater than 2 beside data"),
        ({"kind": "gaussian-copula", "data": "x.csv"}, 'marginals: is required with kind = "gaussian-copula"'),
        (
            {"kind": "gaussian-copula", "data": "x.csv", "marginals": {"name": "norm"}, "correlation": "c.npy"},
            "correlation: must not be given beside data",
        ),
        (
            {"kind": "gaussian-copula", "data": "x.csv", "marginals": {"name": "norm"}, "mean": 0.0},
            'mean: means nothing with kind = "gaussian-copula", which takes correlation, data, marginals, exact',
        ),
    ],
)
def test_data_of_other_kinds(table: dict[str, object], fault: str) -> None:
    unused = dict.fromkeys(("mean", "cov"))
    with pytest.raises(JobFileError) as caught:
        job(distribution={**unused, **table})
    assert f"distribution.{fault}" in str(caught.value)
