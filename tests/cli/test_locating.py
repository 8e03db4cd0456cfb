"""The store of a command; ways to name one are tried by its commands, in `test_stores`."""

from pathlib import Path

import pytest

from mvn_dask.cli.command import StoreOptions
from mvn_dask.cli.locating import locate
from mvn_dask.errors import ArgumentError
from mvn_dask.redaction import RedactSecrets
from tests.support.command import Site


def test_a_store_and_its_options(tmp_path: Path) -> None:
    secrets = RedactSecrets()
    url = str(tmp_path / "a.toml")
    Path(url).mkdir()  # a folder of such a name is no job file
    assert locate(url, StoreOptions(), secrets) == (url, None, None)
    assert locate("s3://b/x", StoreOptions(["region=eu", "a=b=c"]), secrets) == (
        "s3://b/x", {"region": "eu", "a": "b=c"}, None,
    )  # fmt: skip


def test_a_job_and_what_is_set_in_it(site: Site) -> None:
    options = StoreOptions(["region=eu"], ["output.url=other.zarr"])
    url, storage_options, job = locate(str(site.job), options, RedactSecrets())
    assert (url, storage_options) == (str(site.folder / "other.zarr"), {"region": "eu"})
    assert job is not None


@pytest.mark.parametrize(
    ("options", "message"),
    [(StoreOptions(["region"]), "must be KEY=VALUE"), (StoreOptions(None, ["a=b"]), "--set changes a job file")],
)
def test_wrong_options(options: StoreOptions, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        locate("x.zarr", options, RedactSecrets())
