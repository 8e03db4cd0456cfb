"""Errors for processes that are gone: what happened, and the way out of it.

Input: the work whose tasks they had, and what is known of their end. Output: a `WorkersLostError`. Cost: none.
"""

from typing import Any

from mvn_dask.advice import Advice
from mvn_dask.errors import WorkersLostError
from mvn_dask.execution.process_start import main_module_advice
from mvn_dask.execution.ranges import Work
from mvn_dask.execution.resumption import way_on
from mvn_dask.readable import plural

STAYS = "What was written stays"
"""The end of a message where nothing but a new call is needed."""


def scheduler_gone(address: str | None) -> WorkersLostError:
    """The error for a scheduler that does not answer any more, or has forgotten the tasks.

    Without an address, for a client that has given it up, or was closed.
    """
    which = "that dask is to compute with" if address is None else f"at {address}"
    return WorkersLostError(
        f"the scheduler {which} is gone, or was restarted{', or its client was closed' if address is None else ''}: "
        f"connect a new client to it, or start another one. {STAYS}",
        advice=Advice(way_on()),
    )


def workers_died(work: Work, error: Any) -> WorkersLostError:
    """The error for workers that died again and again at one task; `error` is distributed's KilledWorker."""
    limit = getattr(error.last_worker, "memory_limit", None)
    size = "an unknown number of bytes" if limit is None else plural(limit, "byte")
    return WorkersLostError(
        f"workers died again and again at the same blocks, most often for lack of memory: the last one could take "
        f"{size}, and {work.describe_cost()}. Use smaller `chunks`, or give workers more memory or fewer threads. "
        f"{STAYS}",
        advice=Advice(way_on()),
    )


def process_died(work: Work) -> WorkersLostError:
    """The error for a pool of which one process died, after which it takes no more tasks."""
    return WorkersLostError(
        f"a process of the pool died amid its work, by itself or by a signal, as the system sends it where memory is "
        f"short; {work.describe_cost()}. If one dies again, use smaller `chunks`, or fewer processes (`num_workers` of "
        f"dask's configuration; `workers` of a job's [cluster]). {STAYS}",
        advice=Advice(way_on()),
    )


def processes_not_started(what: str) -> WorkersLostError:
    """The error for processes that ended before they began; `what` names them in the plural."""
    return WorkersLostError(f"{what} ended before they began: {main_module_advice()}")


def pool_ended(work: Work) -> WorkersLostError:
    """The error for a pool of the user's, of which it is not known whether any process began."""
    return WorkersLostError(
        f"a process of the pool ended before any task did. Either none of them began: {main_module_advice()}. Or one "
        f"died at its first block; {work.describe_cost()}: use smaller `chunks`, or fewer processes. {STAYS}",
        advice=Advice(way_on()),
    )
