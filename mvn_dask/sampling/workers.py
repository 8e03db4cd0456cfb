"""The processes that will run the tasks: their memory, their threads, and the spool that they see.

Input: the default client and dask's configuration. Output: limits of memory and threads; a spool folder. Cost: at
most one message to the scheduler; nothing is computed.
"""

import warnings
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dask.config
import fsspec
import psutil
from dask.system import CPU_COUNT

from mvn_dask.advice import Advice, advising_warning
from mvn_dask.checks import caller_level
from mvn_dask.errors import ArgumentError
from mvn_dask.execution.client import connected_client
from mvn_dask.locations import as_text, parse_location
from mvn_dask.readable import plural


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
    client = connected_client()
    found: list[dict[str, Any]] = []
    if client is not None and not client.asynchronous:
        found = list(client.scheduler_info(n_workers=-1)["workers"].values())
    # An asynchronous client's workers cannot be counted from here, nor is there any while a cluster starts.
    if not found:
        # Read once a process, as dask does itself: it takes longer than to make a graph.
        from distributed.system import MEMORY_LIMIT

        return Workers(MEMORY_LIMIT, CPU_COUNT)
    limits = [int(worker["memory_limit"]) for worker in found if worker["memory_limit"]]
    return Workers(
        memory=min(limits, default=psutil.virtual_memory().total),
        threads=max(int(worker["nthreads"]) for worker in found),
    )


def is_local(address: str) -> bool:
    """Whether a scheduler can be reached from this machine only, so that its workers see our disk.

    >>> is_local("tcp://127.0.0.1:8786"), is_local("inproc://10.0.0.2/1/1"), is_local("tls://10.0.0.2:8786")
    (True, True, False)
    """
    # By the address alone: resolving a host name may block, and pickling must not.
    parts = urlsplit(address)
    if parts.scheme == "inproc":
        return True
    try:
        return ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return parts.hostname == "localhost"


def spool_setting() -> str:
    """What dask's configuration says of the spool: "auto", "graph", a folder, or a URL that fsspec knows.

    Raises ArgumentError for anything else.
    """
    setting = dask.config.get("mvn_dask.spool", "auto")
    if setting in ("auto", "graph"):
        return str(setting)
    try:
        location = parse_location(setting)
    except ArgumentError as error:
        raise ArgumentError(f"`mvn_dask.spool` in dask's configuration {error}") from error
    if isinstance(location, Path):
        return as_text(location.absolute())
    if (scheme := location.partition(":")[0]) not in fsspec.available_protocols():
        raise ArgumentError(
            f"`mvn_dask.spool` in dask's configuration must be a folder or a URL that fsspec knows, and "
            f"{scheme}:// is none"
        )
    return location


def spool_folder(nbytes: int) -> str | None:
    """Where arrays of some bytes are spooled: a folder, a URL, "" for a temporary folder, or None for the graph.

    ``dask.config.set({"mvn_dask.spool": ...})`` decides: a shared folder, an object-store URL, ``"graph"``, or
    ``"auto"``, the default: a temporary folder where the scheduler's address is local, or there is none, else the
    graph, with a warning. It sends no message, since a graph may be pickled in an event loop.
    """
    setting = spool_setting()
    if setting == "graph":
        return None
    if setting != "auto":
        return setting
    client = connected_client()
    return automatic_spool(nbytes, None if client is None else client.scheduler.address)


def automatic_spool(nbytes: int, scheduler: str | None) -> str | None:
    """The spool where none is configured, by the scheduler's address; None for this process' own threads."""
    if scheduler is None or is_local(scheduler):
        return ""
    text = (
        f"a factor of {plural(nbytes, 'byte')} goes through the graph, since workers on other machines do not "
        "see this machine's disk."
    )
    advice = Advice("Name a folder or an object-store URL that they see: {spool}")
    warnings.warn(advising_warning(UserWarning, text, advice), stacklevel=caller_level())
    return None
