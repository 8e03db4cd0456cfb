import re
import signal
import sys
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path

import dask
import distributed.utils
import pytest
from distributed import Client, LocalCluster
from hypothesis import HealthCheck, settings

from mvn_dask.compiled import compiled_module
from tests.support.clusters import local_cluster
from tests.support.s3 import endpoint, prefix

__all__ = ["endpoint", "prefix"]

# It draws when it is imported, for the processes that tests fork; whoever collects tests would compile that first.
collect_ignore = ["support/warm.py"]

# Processes that tests fork begin with everything loaded. Distributed would put a list of its own in its place.
get_context("forkserver").set_forkserver_preload(["tests.support.warm"])
distributed.utils._forkserver_preload_set = True

# No test is judged by how busy the machine is.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


def pytest_configure() -> None:
    # A shell that runs tests in the background ignores SIGINT, and so would every process that they start.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """No test is left out by the lane that reads only the files in which its marker stands."""
    pattern = re.search(r"^FAULTS := (.+)$", (Path(__file__).parents[1] / "Makefile").read_text(), re.MULTILINE)
    assert pattern is not None
    for path in {item.path for item in items if item.get_closest_marker("faults")}:
        if not re.search(pattern[1], path.read_text()):
            raise pytest.UsageError(f"{path}: `make test-faults` finds files by {pattern[1]}, which is not in this one")


@pytest.fixture(autouse=True)
def threads_by_default() -> Iterator[None]:
    """Tests that want a cluster make it themselves; no other may find one."""
    with dask.config.set(scheduler="threads"):
        yield


@pytest.fixture(autouse=True)
def short_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every plan of a job measures for seconds how long a row takes; how well is tested in `test_timing`."""
    monkeypatch.setattr("mvn_dask.job.timing.ROUND_SECONDS", 0.01)
    monkeypatch.setattr("mvn_dask.job.timing.MAX_SECONDS", 0.04)


@pytest.fixture(scope="module")
def process_cluster() -> Iterator[LocalCluster]:
    """2 worker processes, shared by a module; tests that break them make a `local_cluster` of their own."""
    with dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}), local_cluster() as cluster:
        yield cluster


@pytest.fixture
def processes(process_cluster: LocalCluster) -> Iterator[Client]:
    """A client of 2 worker processes, which hold nothing."""
    with Client(process_cluster) as client, dask.config.set(scheduler="distributed"):
        client.wait_for_workers(2)
        yield client


@pytest.fixture(scope="module")
def thread_cluster() -> Iterator[LocalCluster]:
    """A worker with 2 threads in this process, shared by a module."""
    with local_cluster(processes=False, threads_per_worker=2, n_workers=1) as cluster:
        yield cluster


@pytest.fixture
def threads(thread_cluster: LocalCluster) -> Iterator[Client]:
    """A client of a cluster with threads only."""
    with Client(thread_cluster) as client, dask.config.set(scheduler="distributed"):
        yield client


@pytest.fixture
def closed_figures() -> Iterator[None]:
    """No windows are opened, and no figure stays open."""
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    mpl.use("Agg")
    yield
    plt.close("all")


@pytest.fixture(params=["compiled", "numpy"])
def path(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to factorise and to draw, within this process."""
    if request.param == "numpy":
        for name, module in list(sys.modules.items()):
            if name.startswith("mvn_dask.") and vars(module).get("compiled_module") is compiled_module:
                monkeypatch.setattr(module, "compiled_module", lambda _: None)
    else:
        assert compiled_module("drawing") is not None
    return str(request.param)
