import dask
import psutil
import pytest
from distributed import Client
from distributed.system import memory_limit

import mvn_dask
from mvn_dask.broadcast import LARGE
from mvn_dask.cluster import Workers, is_local, spool_folder, workers

ELSEWHERE = Workers(memory=2**30, threads=1, here=False)


def test_without_a_client_it_is_this_process() -> None:
    assert workers() == Workers(memory_limit(), psutil.cpu_count() or 1, here=True)


def test_a_cluster_is_asked_for_its_limits(processes: Client) -> None:
    assert workers() == Workers(2 * 2**30, 1, here=True)
    with pytest.raises(mvn_dask.errors.BlockTooLargeError, match="a process has 2147483648 bytes"):
        mvn_dask.MultivariateNormal([0.0], 1.0).sample(10**9, seed=1, chunks=-1)


def test_own_addresses() -> None:
    own = [nic.address for nics in psutil.net_if_addrs().values() for nic in nics if nic.family.name == "AF_INET"]
    assert all(is_local(address) for address in [*own, "127.0.0.2", "::1", "localhost"])
    assert not any(is_local(address) for address in ["192.0.2.7", "node17", "2001:db8::1"])


def test_where_a_factor_is_spooled() -> None:
    here = Workers(memory=2**30, threads=1, here=True)
    assert spool_folder(10**9, here) == ""
    assert spool_folder(LARGE, ELSEWHERE) is None, "small ones need no word"
    with pytest.warns(UserWarning, match=r"through the graph.*mvn_dask\.spool") as caught:
        assert spool_folder(10**9, ELSEWHERE) is None
    assert caught[0].filename == __file__
    with dask.config.set({"mvn_dask.spool": "s3://bucket/spool"}):
        assert spool_folder(10**9, ELSEWHERE) == "s3://bucket/spool"
    with dask.config.set({"mvn_dask.spool": "graph"}):
        assert spool_folder(10**9, here) is None
