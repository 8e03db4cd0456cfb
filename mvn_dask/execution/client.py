"""The distributed client of a computation.

Input: dask's configuration and distributed's global state. Output: a client, or None where threads or processes of
this machine compute; an error for one without a scheduler. Cost: none; `thread_count` is one message to the scheduler.
"""

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import dask
from dask.base import get_scheduler

from mvn_dask.errors import UnsupportedOperationError
from mvn_dask.execution.losses import scheduler_gone
from mvn_dask.execution.process_start import exit_if_main_is_imported


def current_client() -> Any:
    """The client that dask would compute with now, or None.

    Raises UnsupportedOperationError, a RuntimeError, in the event loop of an asynchronous one; WorkersLostError for one
    that has lost its scheduler, or was closed.
    """
    distributed = sys.modules.get("distributed")
    if computes_in_processes():
        exit_if_main_is_imported()
    owner = getattr(_scheduler(), "__self__", None)
    if distributed is None or not isinstance(owner, distributed.Client):
        return None
    # What a client is asked while it tries to reconnect waits for all of its timeout; afterwards it has no scheduler.
    if owner.status != "running":
        raise scheduler_gone(_address(owner))
    return owner


def scheduler_address(client: Any) -> str:
    """Address of the scheduler of a client. Raises WorkersLostError if it has none any more."""
    address = _address(client)
    if address is None:
        raise scheduler_gone(None)
    return address


def _address(client: Any) -> str | None:
    scheduler = client.scheduler  # looked at once, since the client's own thread takes it away
    return None if scheduler is None else str(scheduler.address)


@contextmanager
def answering(client: Any) -> Iterator[None]:
    """Inside the body, that the scheduler of a client does not answer is a WorkersLostError."""
    address = scheduler_address(client)
    try:
        yield
    except OSError as error:
        raise scheduler_gone(address) from error
    except AttributeError as error:
        # A client that has given its scheduler up meanwhile has None in its place.
        if client.status == "running":
            raise
        raise scheduler_gone(address) from error


def computes_in_processes() -> bool:
    """Whether dask would compute with its scheduler of processes on this machine now."""
    processes = sys.modules.get("dask.multiprocessing")
    return processes is not None and _scheduler() is processes.get


def other_processes() -> str | None:
    """The processes, in words, that would run tasks now, if they are others than this one; None for its threads."""
    if computes_in_processes():
        return "dask's scheduler of processes"
    client = current_client()
    if client is None or (address := scheduler_address(client)).startswith("inproc://"):
        return None
    # Workers that listen on TCP may be threads of this process all the same. Where there is none yet, they are others.
    with answering(client):
        if {*client.run(process_identity).values()} == {process_identity()}:
            return None
    return f"the workers of the cluster at {address}"


def process_identity() -> tuple[str, int]:
    """Machine and number of this process."""
    return socket.gethostname(), os.getpid()


def _scheduler() -> Any:
    """The function by which dask would compute now."""
    import dask.array as da  # takes a second, which a spec of a sample need not wait for

    try:
        return get_scheduler(cls=da.Array)
    except RuntimeError as error:
        if connected_client() is None:
            raise scheduler_gone(None) from error
        raise UnsupportedOperationError(
            "the current client is asynchronous, and what waits for its tasks would block its event loop: call it in a "
            "thread, as in `await asyncio.to_thread(mvn_dask.to_zarr, x, url)`"
        ) from error


def connected_client() -> Any:
    """Distributed's default client, asynchronous or not, or None: whose workers an array may be sent to later."""
    # Where another scheduler is configured as well: `client.submit(…)` takes no notice of `dask.config`. Without a
    # message or an error, since pickling may happen in an event loop; without the import there can be no client.
    distributed = sys.modules.get("distributed")
    with suppress(ValueError):
        client = distributed.default_client() if distributed is not None else None
        return client if client is not None and client.status == "running" else None
    return None


def thread_count() -> int:
    """Threads of the current scheduler, about: workers come and go."""
    client = current_client()
    if client is not None:
        with answering(client):
            return max(1, int(sum(client.nthreads().values())))
    from dask.system import CPU_COUNT

    return int(dask.config.get("num_workers", None) or CPU_COUNT)


@contextmanager
def seceded() -> Iterator[None]:
    """Inside the body, this thread occupies no slot of a worker, if it is a task of one.

    A task that waits for other tasks on the same cluster would else deadlock where it has the last free thread. One
    that has seceded already, by `secede` or inside `worker_client`, has no slot to give, and gets none afterwards.
    """
    from distributed import rejoin, secede
    from distributed.threadpoolexecutor import thread_state as pool_state
    from distributed.worker import thread_state  # type: ignore[attr-defined]

    # `proceed` is False in a thread that has seceded, and missing where the worker's pool is not distributed's own.
    if not (getattr(thread_state, "key", None) and getattr(pool_state, "proceed", False)):
        yield
        return
    secede()
    try:
        yield
    finally:
        rejoin()
