from pathlib import Path

import pytest

from mvn_dask.job.job import Job
from mvn_dask.job.schema.job_spec import JobSpec
from tests.support.jobs import mapping

MINIMAL = mapping()


def test_where_a_job_was_read_does_not_matter() -> None:
    one = Job.from_mapping(MINIMAL, folder="/one", label="one.toml")
    other = Job.from_mapping(MINIMAL, folder="/other", label="other.toml")
    assert one == other
    assert hash(one) == hash(other)
    assert one != Job.from_mapping(MINIMAL, ["sample.seed=9"])
    assert one != MINIMAL


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("x.zarr", "/folder/x.zarr"),
        ("/x.zarr", "/x.zarr"),
        ("s3://bucket/x.zarr", "s3://bucket/x.zarr"),
        ("file:///x.zarr", "file:///x.zarr"),
        ("~/x.zarr", str(Path.home() / "x.zarr")),
    ],
)
def test_paths_start_at_the_folder_of_the_file(path: str, found: str) -> None:
    assert Job.from_mapping(MINIMAL, folder="/folder").locate(path) == found


def test_all_options_that_may_be_secret() -> None:
    given = [
        'distribution.mean="s3://bucket/mean"',
        "distribution.storage_options.key=one",
        'output.url="s3://bucket/x.zarr"',
        "output.storage_options.key=two",
        "cluster.kind=local",
        "cluster.options.key=three",
    ]
    job: JobSpec = Job.from_mapping(MINIMAL, given)
    assert [options["key"] for options in job.secrets()] == ["one", "two", "three"]
    assert "three" not in repr(job)
