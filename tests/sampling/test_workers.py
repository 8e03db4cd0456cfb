from pathlib import Path

import dask
import pytest
from dask.system import cpu_count
from distributed import Client
from distributed.system import memory_limit

import mvn_dask
from mvn_dask.sampling.workers import Workers, automatic_spool, is_local, spool_folder, workers


def test_without_a_client_it_is_this_process() -> None:
    assert workers() == Workers(memory_limit(), cpu_count())


def test_the_limits_of_a_cluster(processes: Client) -> None:
    assert workers() == Workers(2 * 2**30, 1)
    with pytest.raises(mvn_dask.errors.BlockTooLargeError, match="a process has 2147483648 bytes"):
        mvn_dask.MultivariateNormal([0.0], 1.0).sample(10**9, seed=1, chunks=-1)


@pytest.mark.parametrize(
    "address", ["tcp://127.0.0.1:8786", "tls://[::1]:8786", "inproc://10.0.0.2/1/1", "tcp://localhost:1"]
)
def test_schedulers_of_this_machine(address: str) -> None:
    assert is_local(address)


@pytest.mark.parametrize("address", ["tcp://192.0.2.7:8786", "tls://node17:8786", "ucx://[2001:db8::1]:8786", ""])
def test_schedulers_that_others_can_reach(address: str) -> None:
    assert not is_local(address)


@pytest.mark.parametrize(
    ("setting", "text"),
    [
        ("s3:/typo", "must be a path, or a URL as s3://…, not 's3:/typo'; './s3:/typo' is a path"),
        ("s3:bucket/x", "must be a path, or a URL as s3://…, not 's3:bucket/x'"),
        ("~nosuchuser/x", "must be a path, and '~nosuchuser' is the home of nobody here"),
        ("file:x", "must be an absolute path of this machine"),
        ("nothing://x", "must be a folder or a URL that fsspec knows, and nothing:// is none"),
        ("", "must be a path or a URL, neither empty nor"),
        (None, "must be a path or a URL, not NoneType"),
        (True, "must be a path or a URL, not bool"),
    ],
)
def test_a_spool_that_is_no_place_is_refused_when_an_array_is_made(setting: object, text: str) -> None:
    normal = mvn_dask.MultivariateNormal([0.0], 1.0)
    with dask.config.set({"mvn_dask.spool": setting}), pytest.raises(mvn_dask.errors.ArgumentError) as caught:
        normal.sample(10, seed=1)
    assert str(caught.value).startswith(f"`mvn_dask.spool` in dask's configuration {text}")


def test_where_a_factor_is_spooled(processes: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert spool_folder(10**9) == "", "a local cluster sees our disk"
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.chdir("/usr")
    for setting, found in [
        ("/shared/folder", "/shared/folder"),
        (Path("/shared/folder"), "/shared/folder"),
        ("folder", "/usr/folder"),
        ("~/folder", "/home/somebody/folder"),
        ("file:/shared/a%20b", "/shared/a b"),
        ("FILE:///shared/folder", "/shared/folder"),
        ("s3://bucket/spool", "s3://bucket/spool"),
        ("S3://bucket/spool", "s3://bucket/spool"),
    ]:
        with dask.config.set({"mvn_dask.spool": setting}):
            assert spool_folder(10**9) == found
    with dask.config.set({"mvn_dask.spool": "graph"}):
        assert spool_folder(10**9) is None


def test_workers_that_may_be_elsewhere_get_it_through_the_graph() -> None:
    assert automatic_spool(10**9, None) == ""
    with pytest.warns(UserWarning, match=r"through the graph.*mvn_dask\.spool") as caught:
        assert automatic_spool(10**9, "tcp://192.0.2.7:8786") is None
    assert caught[0].filename == __file__
