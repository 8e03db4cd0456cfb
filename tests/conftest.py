import logging
import signal
from collections.abc import Iterator
from multiprocessing import get_context

import dask
import pytest
from distributed import Client, LocalCluster

from mvn_dask.sampling import kernel

# Processes that tests fork begin with everything loaded.
get_context("forkserver").set_forkserver_preload(["tests.warm"])


def pytest_configure() -> None:
    # A shell that runs tests in the background ignores SIGINT, and so would every process that they start.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def threads_unless_told() -> Iterator[None]:
    """Tests that want a cluster make it themselves; no other may find one."""
    with dask.config.set(scheduler="threads"):
        yield


def local_cluster(**options: object) -> LocalCluster:
    return LocalCluster(
        **{
            "n_workers": 2,
            "threads_per_worker": 1,
            "memory_limit": "2 GiB",
            "dashboard_address": "127.0.0.1:0",
            "silence_logs": logging.CRITICAL,
            **options,
        }
    )


@pytest.fixture
def processes() -> Iterator[Client]:
    """A client of a LocalCluster with 2 worker processes."""
    with (
        local_cluster() as cluster,
        Client(cluster) as client,
        dask.config.set(scheduler="distributed"),
    ):
        yield client


@pytest.fixture
def threads() -> Iterator[Client]:
    """A client of a LocalCluster with threads only."""
    with (
        local_cluster(processes=False, threads_per_worker=2, n_workers=1) as cluster,
        Client(cluster) as client,
        dask.config.set(scheduler="distributed"),
    ):
        yield client


@pytest.fixture(params=["compiled", "numpy"])
def path(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to draw, within this process."""
    if request.param == "numpy":
        monkeypatch.setattr(kernel, "compiled", lambda: None)
    else:
        assert kernel.compiled() is not None
    return str(request.param)
