"""The connection to a scheduler that others started: made in time, or not at all."""

import threading
import time
from pathlib import Path
from typing import Any

from mvn_dask.errors import JobFileError
from mvn_dask.execution.cancellation import raise_if_cancelled
from mvn_dask.job.schema.cluster import Tls
from mvn_dask.job.schema.specification import Specification

MARGIN = 1.0
"""Seconds after which a connection should have ended by its own timeout."""
LOOK = 0.05
"""Seconds between two looks whether the job was stopped meanwhile."""


def connected(job: Specification, timeout: float) -> Any:
    """A client of the scheduler that a job names.

    The connection is made in another thread, which is left alone once the job is stopped, or where something listens
    that is no scheduler: distributed would wait for its answer for ever.

    Parameters
    ----------
    job : Specification
        Its table ``[cluster]`` is of the kind "scheduler".
    timeout : float
        Seconds that the scheduler has to answer.

    Raises
    ------
    ConnectionError
        If it does not.
    JobCancelledError
        If the current `cancellation.CancelToken` is requested meanwhile.
    JobFileError
        If a certificate is missing.
    """
    from distributed import Client

    options = _scheduler(job, timeout)
    found: list[Any] = []

    def make() -> None:
        try:
            found.append(Client(**options, timeout=timeout))
        except Exception as error:  # noqa: BLE001 raised below
            found.append(error)

    thread = threading.Thread(target=make, daemon=True, name="mvn-dask-connect")
    thread.start()
    deadline = time.monotonic() + timeout + MARGIN
    while thread.is_alive():
        raise_if_cancelled()
        thread.join(LOOK)
        if time.monotonic() > deadline:
            raise ConnectionError(
                f"no scheduler answers within {timeout:g} s: something listens there, and says nothing"
            )
    if isinstance(found[0], Exception):  # what is no scheduler may answer anything
        raise ConnectionError(f"no scheduler answers within {timeout:g} s: {first_line(found[0])}") from found[0]
    return found[0]


def _scheduler(job: Specification, timeout: float) -> dict[str, Any]:
    table = job.cluster
    options: dict[str, Any] = {"address": table.address}
    if table.scheduler_file is not None:
        options = {"scheduler_file": _awaited(job.locate(table.scheduler_file), timeout)}
    if isinstance(table.tls, Tls):
        options["security"] = _security(job, table.tls)
    return options


def _awaited(path: str, timeout: float) -> str:
    """A scheduler's file; distributed would wait for it for ever."""
    deadline = time.monotonic() + timeout
    while not Path(path).exists():
        raise_if_cancelled()
        if time.monotonic() > deadline:
            raise ConnectionError(f"no scheduler wrote {path} within {timeout:g} s")
        time.sleep(min(LOOK, max(0.0, deadline - time.monotonic())))
    return path


def _security(job: Specification, tls: Tls) -> Any:
    from distributed import Security

    paths = {"ca": job.locate(tls.ca), "cert": job.locate(tls.cert), "key": job.locate(tls.key)}
    for key, path in paths.items():
        if not Path(path).is_file():
            raise JobFileError(f"{job.place}: cluster.tls.{key}: there is no file {path}")
    return Security(
        require_encryption=True, tls_ca_file=paths["ca"], tls_client_cert=paths["cert"], tls_client_key=paths["key"]
    )


def first_line(error: BaseException) -> str:
    """An error in one line."""
    return (str(error) or type(error).__name__).splitlines()[0]
