"""What can be known of the processes that will run the tasks, without computing anything."""

import sys
import warnings
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

import dask.config
import psutil

from mvn_dask.broadcast import LARGE
from mvn_dask.checks import caller_level


@dataclass(frozen=True)
class Workers:
    """The processes that will run the tasks."""

    memory: int
    """Memory limit of the smallest process, in bytes."""
    threads: int
    """Most tasks that run in one process at the same time."""
    here: bool
    """Whether all of them run on this machine, so that they see its disk."""


def workers() -> Workers:
    """The workers of the current distributed client, or else the threads of this process.

    The memory is a limit, not what is free at the moment: the same call gives the same plan.
    """
    found = _distributed_workers()
    if not found:
        from distributed.system import memory_limit

        return Workers(memory_limit(), psutil.cpu_count() or 1, here=True)
    limits = [int(worker["memory_limit"]) for worker in found if worker["memory_limit"]]
    return Workers(
        memory=min(limits, default=psutil.virtual_memory().total),
        threads=max(int(worker["nthreads"]) for worker in found),
        here=all(is_local(str(worker["host"])) for worker in found),
    )


def _distributed_workers() -> list[dict[str, Any]]:
    # Without the import there can be no client, and the import takes longer than all the rest here.
    distributed = sys.modules.get("distributed")
    if distributed is None:
        return []
    try:
        client = distributed.default_client()
    except ValueError:
        return []
    if client.asynchronous or client.status != "running":
        return []
    return list(client.scheduler_info(n_workers=-1)["workers"].values())


def is_local(host: str) -> bool:
    """Whether an address belongs to this machine.

    Examples
    --------
    >>> is_local("127.0.0.1"), is_local("192.0.2.1")
    (True, False)
    """
    try:
        if ip_address(host).is_loopback:
            return True
    except ValueError:
        return host == "localhost"
    own = (address.address for nic in psutil.net_if_addrs().values() for address in nic)
    return host in own


def spool_folder(nbytes: int, where: Workers) -> str | None:
    """Where a factor of some bytes is spooled: a folder, a URL, "" for a temporary folder, or None.

    ``dask.config.set({"mvn_dask.spool": ...})`` decides: a shared folder, an object-store URL,
    ``"graph"`` to send every factor through the graph, or ``"auto"``, the default: a temporary folder
    where all workers are on this machine, else the graph.
    """
    setting = dask.config.get("mvn_dask.spool", "auto")
    if setting == "graph":
        return None
    if setting != "auto":
        return str(setting)
    if where.here:
        return ""
    if nbytes > LARGE:
        warnings.warn(
            f"a factor of {nbytes} bytes goes through the graph, since workers on other machines do not "
            "see this machine's disk. Name a folder or an object-store URL that they see: "
            "dask.config.set({'mvn_dask.spool': '/shared/folder'})",
            UserWarning,
            stacklevel=caller_level(),
        )
    return None
