import dask
import psutil
import pytest
from distributed import Client
from distributed.system import memory_limit

import mvn_dask
from mvn_dask.sampling.workers import Workers, automatic_spool, is_local, spool_folder, workers


def test_without_a_client_it_is_this_process() -> None:
    assert workers() == Workers(memory_limit(), psutil.cpu_count() or 1)


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


def test_where_a_factor_is_spooled(processes: Client) -> None:
    assert spool_folder(10**9) == "", "a local cluster sees our disk"
    for setting in ("/shared/folder", "s3://bucket/spool"):
        with dask.config.set({"mvn_dask.spool": setting}):
            assert spool_folder(10**9) == setting
    with dask.config.set({"mvn_dask.spool": "graph"}):
        assert spool_folder(10**9) is None


def test_workers_that_may_be_elsewhere_get_it_through_the_graph() -> None:
    assert automatic_spool(10**9, None) == ""
    with pytest.warns(UserWarning, match=r"through the graph.*mvn_dask\.spool") as caught:
        assert automatic_spool(10**9, "tcp://192.0.2.7:8786") is None
    assert caught[0].filename == __file__
