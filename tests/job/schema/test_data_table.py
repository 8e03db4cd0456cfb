from typing import Any

import pytest

from mvn_dask.errors import JobFileError
from mvn_dask.job.job import Job


def job(**distribution: Any) -> Job:
    return Job.from_mapping(
        {"version": 1, "distribution": distribution, "sample": {"size": 8, "seed": 1}, "output": {"url": "x.zarr"}}
    )


def test_a_path_is_a_table() -> None:
    short, whole = job(data="x.csv"), job(data={"path": "x.csv", "index": "auto", "shrink": "none", "missing": "raise"})
    assert short == whole
    assert Job.from_mapping(short.model_dump(mode="json", exclude_defaults=True, by_alias=True)) == short
    assert "x.csv" in short.to_toml()


@pytest.mark.parametrize(
    ("distribution", "message"),
    [
        ({"data": "x.csv", "mean": 0.0}, "mean: must not be given beside data"),
        ({"data": "x.csv", "cov": 1.0}, "cov: must not be given beside data"),
        ({"data": "x.csv", "kind": "t", "df": 2.0}, "df: must be greater than 2 beside data"),
        ({"data": 7}, "data"),
        ({"data": {"path": "x.csv", "shrink": "oas"}}, "shrink"),
        ({"data": {"path": "x.csv", "mising": "drop"}}, "unknown key"),
        ({"data": {}}, "path"),
        ({"data": "s3:/x"}, "must be a path, or a URL"),
        ({"data": "x.csv", "storage_options": {"region": "x"}}, "go with a URL"),
        ({"mean": 0.0}, "or data"),
    ],
)
def test_what_is_wrong(distribution: dict[str, Any], message: str) -> None:
    with pytest.raises(JobFileError) as error:
        job(**distribution)
    assert message in str(error.value)
