"""Computing keys with a progress bar, where someone is looking."""

import sys
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import dask.array as da
from dask.base import compute_as_if_collection, get_scheduler
from dask.diagnostics.progress import ProgressBar
from dask.highlevelgraph import HighLevelGraph


def compute_keys(graph: HighLevelGraph, keys: Sequence[Any]) -> None:
    """Compute some keys of an array's graph on the current scheduler, and drop the results.

    In a terminal it shows how far it is; elsewhere it is silent.
    """
    client = current_client()
    if client is None:
        bar = ProgressBar(out=sys.stderr) if sys.stderr.isatty() else nullcontext()
        with bar:
            compute_as_if_collection(da.Array, graph, keys)
        return
    from distributed import progress

    futures = client.get(da.Array.__dask_optimize__(graph, keys), keys, sync=False)
    if sys.stdout.isatty():
        progress(futures, notebook=False)
    client.gather(futures)


def current_client() -> Any:
    """The distributed client that dask would compute with, or None.

    Raises
    ------
    RuntimeError
        Dask's own, if that client is asynchronous and cannot be waited for.
    """
    distributed = sys.modules.get("distributed")
    owner = getattr(get_scheduler(cls=da.Array), "__self__", None)
    return owner if distributed is not None and isinstance(owner, distributed.Client) else None
