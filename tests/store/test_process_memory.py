from collections.abc import Callable

import dask
import numpy as np
import pytest
from distributed import Client

import mvn_dask
from mvn_dask.errors import StorageError
from mvn_dask.store.storage.addressing import open_storage
from tests.support.arrays import sample
from tests.support.clusters import local_cluster

URL = "memory://process-memory"
CALLS: dict[str, Callable[[], object]] = {
    "to_zarr": lambda: mvn_dask.to_zarr(sample(seed=2), f"{URL}-new"),
    "to_zarr with overwrite": lambda: mvn_dask.to_zarr(sample(seed=2), URL, overwrite=True),
    "verify": lambda: mvn_dask.verify(URL, level="checksum"),
    "repair": lambda: mvn_dask.repair(URL),
    "extend": lambda: mvn_dask.extend(URL, 10),
    "report": lambda: mvn_dask.report(URL),
}


def content() -> dict[str, bytes]:
    storage = open_storage(URL)
    return {entry.key: storage.read(entry.key).tobytes() for entry in storage.entries()}


@pytest.fixture
def before() -> dict[str, bytes]:
    with dask.config.set(scheduler="threads"):
        mvn_dask.to_zarr(sample(), URL)
    return content()


@pytest.mark.parametrize("name", CALLS)
def test_other_processes_are_refused_before_any_work(name: str, processes: Client, before: dict[str, bytes]) -> None:
    for scheduler, words in (("distributed", "the workers of the cluster at tcp"), ("processes", "dask's scheduler")):
        with (
            dask.config.set(scheduler=scheduler),
            pytest.raises(StorageError, match=rf"memory of this process, and {words}.*scheduler=\"threads\""),
        ):
            CALLS[name]()
    assert content() == before
    assert not list(open_storage(f"{URL}-new").entries())
    assert mvn_dask.verify(URL).ok, "sizes are compared here"


def test_threads_of_this_process_see_it(threads: Client, before: dict[str, bytes]) -> None:
    assert mvn_dask.repair(URL).chunks == ()
    with local_cluster(processes=False, n_workers=1, protocol="tcp://", host="127.0.0.1") as cluster, Client(cluster):
        assert cluster.scheduler_address.startswith("tcp://")
        mvn_dask.to_zarr(sample(), f"{URL}-tcp")
        np.testing.assert_array_equal(mvn_dask.from_zarr(f"{URL}-tcp").compute(), sample().compute())
    assert content() == before
