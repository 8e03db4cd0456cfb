from collections.abc import Callable
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest
from dask.delayed import delayed
from distributed import Client, LocalCluster, wait

from mvn_dask.errors import ArgumentError, ResultsLostError
from mvn_dask.execution.futures import futures_in, refuse_unreadable_results
from mvn_dask.readable import plural
from tests.support.clusters import local_cluster

ROWS = da.ones((6, 2), chunks=(2, 2))


def scaled(block: Any, weights: Any) -> Any:
    return block * np.asarray(weights[0] if isinstance(weights, list) else weights)


def weights(client: Client) -> Any:
    return client.scatter(np.array([1.0, 2.0]))


ARRAYS: dict[str, tuple[Callable[[Client], da.Array], int]] = {
    "an argument": (lambda client: da.map_blocks(scaled, ROWS, weights(client), dtype="f8"), 1),
    "a keyword": (lambda client: da.map_blocks(scaled, ROWS, weights=weights(client), dtype="f8"), 1),
    "in a list": (lambda client: da.map_blocks(scaled, ROWS, [weights(client)], dtype="f8"), 1),
    "persisted": (lambda client: client.persist(ROWS) + 1, 3),
    "delayed": (lambda client: da.from_delayed(delayed(weights(client)), (2,), "f8") + ROWS, 1),
    "from a future": (lambda client: da.from_delayed(weights(client), (2,), "f8") + ROWS, 1),
    "an argument of a delayed": (
        lambda client: da.from_delayed(delayed(np.negative)(weights(client)), (2,), "f8") + ROWS,
        1,
    ),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_futures_are_found_in_whatever_argument(name: str, threads: Client) -> None:
    make, count = ARRAYS[name]
    array = make(threads)
    assert len(futures_in(array)) == count
    refuse_unreadable_results(array)
    with (
        dask.config.set(scheduler="threads"),
        pytest.raises(
            ArgumentError, match=rf" {plural(count, 'result')} on the cluster at inproc://.*scheduler=client"
        ),
    ):
        refuse_unreadable_results(array)


def test_arrays_without_futures_are_read_anywhere(threads: Client) -> None:
    assert not futures_in(ROWS + 1)
    refuse_unreadable_results(ROWS)


def test_the_futures_of_another_cluster(threads: Client) -> None:
    array = da.map_blocks(scaled, ROWS, weights(threads), dtype="f8")
    with (
        local_cluster(processes=False, n_workers=1) as cluster,
        Client(cluster) as other,
        other.as_current(),
        pytest.raises(ArgumentError, match="and the current client is of inproc://"),
    ):
        refuse_unreadable_results(array)
    # The way out of the message.
    with dask.config.set(scheduler=threads):
        refuse_unreadable_results(array)


def test_results_that_are_gone(thread_cluster: LocalCluster) -> None:
    with Client(thread_cluster) as client, dask.config.set(scheduler="distributed"):
        future = weights(client)
        array = da.map_blocks(scaled, ROWS, future, dtype="f8")
        future.cancel()
        with pytest.raises(ResultsLostError, match=r"^1 result .* is gone, 'ndarray-.*: build `array` again"):
            refuse_unreadable_results(array)
        # Other numbers, whose key no message about the former can mean.
        array = da.map_blocks(scaled, ROWS, client.scatter(np.array([3.0, 4.0])), dtype="f8")
        refuse_unreadable_results(array)
    with pytest.raises(ResultsLostError, match="their client or scheduler ended"):
        refuse_unreadable_results(array)


def test_a_result_that_has_failed(threads: Client) -> None:
    future = threads.submit(divmod, 1, 0)
    wait(future)
    with pytest.raises(ZeroDivisionError):
        refuse_unreadable_results(da.from_delayed(future, (2,), "f8"))
