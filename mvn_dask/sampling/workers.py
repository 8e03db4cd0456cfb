"""What can be known of the processes that will run the tasks, without computing anything."""

import sys
import warnings
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import dask.config
import psutil

from mvn_dask.checks import caller_level


@dataclass(frozen=True)
class Workers:
    """The processes that will run the tasks."""

    memory: int
    """Memory limit of the smallest process, in bytes."""
    threads: int
    """Most tasks that run in one process at the same time."""


def workers() -> Workers:
    """The workers of the current distributed client, or else the threads of this process.

    The memory is a limit, not what is free at the moment: the same call gives the same plan.
    """
    client = _client()
    found: list[dict[str, Any]] = []
    if client is not None and not client.asynchronous:
        found = list(client.scheduler_info(n_workers=-1)["workers"].values())
    if not found:
        from distributed.system import memory_limit

        return Workers(memory_limit(), psutil.cpu_count() or 1)
    limits = [int(worker["memory_limit"]) for worker in found if worker["memory_limit"]]
    return Workers(
        memory=min(limits, default=psutil.virtual_memory().total),
        threads=max(int(worker["nthreads"]) for worker in found),
    )


def _client() -> Any:
    """The current distributed client, or None."""
    # Without the import there can be no client, and the import takes longer than all the rest here.
    distributed = sys.modules.get("distributed")
    if distributed is None:
        return None
    try:
        client = distributed.default_client()
    except ValueError:
        return None
    return client if client.status == "running" else None


def is_local(address: str) -> bool:
    """Whether a scheduler can be reached from this machine only, so that its workers see our disk.

    Examples
    --------
    >>> is_local("tcp://127.0.0.1:8786"), is_local("inproc://10.0.0.2/1/1"), is_local("tls://10.0.0.2:8786")
    (True, True, False)
    """
    parts = urlsplit(address)
    if parts.scheme == "inproc":
        return True
    try:
        return ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return parts.hostname == "localhost"


def spool_folder(nbytes: int) -> str | None:
    """Where arrays of some bytes are spooled: a folder, a URL, "" for a temporary folder, or None.

    ``dask.config.set({"mvn_dask.spool": ...})`` decides: a shared folder, an object-store URL,
    ``"graph"`` to send every factor through the graph, or ``"auto"``, the default: a temporary folder
    where the scheduler's address is local, or there is none, else the graph. It asks nobody, since it is
    called while a graph is on its way.

    Warns
    -----
    UserWarning
        If so many bytes go through the graph that naming a folder is worth the while.
    """
    setting = dask.config.get("mvn_dask.spool", "auto")
    if setting == "graph":
        return None
    if setting != "auto":
        return str(setting)
    client = _client()
    return automatic_spool(nbytes, None if client is None else client.scheduler.address)


def automatic_spool(nbytes: int, scheduler: str | None) -> str | None:
    """The spool that nobody named, by the address of the scheduler, None for this process' own threads."""
    if scheduler is None or is_local(scheduler):
        return ""
    warnings.warn(
        f"a factor of {nbytes} bytes goes through the graph, since workers on other machines do not "
        "see this machine's disk. Name a folder or an object-store URL that they see: "
        "dask.config.set({'mvn_dask.spool': '/shared/folder'})",
        UserWarning,
        stacklevel=caller_level(),
    )
    return None
