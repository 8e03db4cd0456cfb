"""Results on a cluster that the graph of an array refers to: persisted arrays, scattered arguments, futures.

Input: an array. Output: its futures, or an error that says why they cannot be read. Cost: a visit to every node of the
graph, and no message to the scheduler.
"""

import sys
from collections.abc import Iterable
from typing import Any

import dask.array as da

from mvn_dask.errors import ArgumentError, ResultsLostError
from mvn_dask.execution.client import current_client, scheduler_address
from mvn_dask.execution.graph_search import find_in_graph
from mvn_dask.readable import plural

BUILD_AGAIN = (
    "build `array` again from its beginning (persist, scatter or submit again), and call with that; it needs "
    "overwrite=True where dask names it otherwise, as it does where a future is an argument"
)
"""The way out where results are gone."""


def futures_in(array: da.Array) -> list[Any]:
    """The futures that an array's graph holds, in whatever arguments, one of each key."""
    distributed = sys.modules.get("distributed")  # without it there are none
    found = () if distributed is None else find_in_graph(array, distributed.Future)
    return list({future.key: future for future in found}.values())


def refuse_unreadable_results(array: da.Array) -> None:
    """Raise unless the current scheduler can read all results that an array's graph refers to.

    Raises ArgumentError where they are on another cluster, or no cluster computes; ResultsLostError where they are
    gone; and the error of a future that has failed.
    """
    futures = futures_in(array)
    if not futures:
        return
    refuse_lost_results(futures)
    client = current_client()
    here = None if client is None else scheduler_address(client)
    foreign = [where for future in futures if (where := scheduler_address(future.client)) != here]
    if foreign:
        raise ArgumentError(
            f"`array` refers to {plural(len(foreign), 'result')} on the cluster at {foreign[0]}, and "
            f"{'dask computes without a cluster now' if here is None else f'the current client is of {here}'}: compute "
            "with their client, by dask.config.set(scheduler=client)"
        )
    for future in futures:
        if future.status == "error":
            raise future.exception()


def refuse_lost_results(futures: Iterable[Any]) -> None:
    """Raise ResultsLostError if a result is gone, and nothing can make it again."""
    # One that is "lost" will be computed again; scattered ones cannot be, nor those of a scheduler that is gone.
    gone = [future for future in futures if future.status == "cancelled"]
    if gone:
        verb, first = ("is", f"{gone[0].key!r}") if len(gone) == 1 else ("are", f"{gone[0].key!r} among them")
        raise ResultsLostError(
            f"{plural(len(gone), 'result')} on the cluster that `array` refers to {verb} gone, {first}: a worker "
            "that held a scattered one died, or they were cancelled, or their client or scheduler ended. The same call "
            f"cannot go on: {BUILD_AGAIN}"
        )
