"""Connection to a running scheduler. Input: the table ``[cluster]``; output: a client, within a time limit."""

import threading
import time
from pathlib import Path
from typing import Any

from mvn_dask.errors import JobFileError
from mvn_dask.execution.cancellation import raise_if_cancelled
from mvn_dask.job.schema.cluster_table import TlsTable
from mvn_dask.job.schema.job_spec import JobSpec

TIMEOUT_MARGIN = 1.0
"""Seconds that a connection may take beyond its own timeout."""
CONNECTION_POLL_SECONDS = 0.05
"""Seconds between two checks for a cancelled job while a connection is made."""


def connect(job: JobSpec, timeout: float) -> Any:
    """A client of the scheduler that a job names.

    Raises ConnectionError if it does not answer in time; JobCancelledError if the job is cancelled meanwhile;
    JobFileError if a certificate is missing.
    """
    from distributed import Client

    options = _client_options(job, timeout)
    found: list[Any] = []

    def make() -> None:
        try:
            found.append(Client(**options, timeout=timeout))
        except Exception as error:  # noqa: BLE001 raised below
            found.append(error)

    # In a thread that can be abandoned: where something listens that is no scheduler, the handshake has no timeout.
    thread = threading.Thread(target=make, daemon=True, name="mvn-dask-connect")
    thread.start()
    deadline = time.monotonic() + timeout + TIMEOUT_MARGIN
    while thread.is_alive():
        raise_if_cancelled()
        thread.join(CONNECTION_POLL_SECONDS)
        if time.monotonic() > deadline:
            raise ConnectionError(f"no scheduler answers within {timeout:g} s: what listens there does not respond")
    if isinstance(found[0], Exception):  # of any type: the peer may be no scheduler
        raise ConnectionError(f"no scheduler answers within {timeout:g} s: {first_line(found[0])}") from found[0]
    return found[0]


def _client_options(job: JobSpec, timeout: float) -> dict[str, Any]:
    table = job.cluster
    options: dict[str, Any] = {"address": table.address}
    if table.scheduler_file is not None:
        options = {"scheduler_file": _wait_for_file(job.locate(table.scheduler_file), timeout)}
    if isinstance(table.tls, TlsTable):
        options["security"] = _security(job, table.tls)
    return options


def _wait_for_file(path: str, timeout: float) -> str:
    # distributed waits for a scheduler file without a time limit.
    deadline = time.monotonic() + timeout
    while not Path(path).exists():
        raise_if_cancelled()
        if time.monotonic() > deadline:
            raise ConnectionError(f"no scheduler wrote {path} within {timeout:g} s")
        time.sleep(min(CONNECTION_POLL_SECONDS, max(0.0, deadline - time.monotonic())))
    return path


def _security(job: JobSpec, tls: TlsTable) -> Any:
    from distributed import Security

    paths = {key: job.locate(path) for key, path in tls}
    for key, path in paths.items():
        # distributed would raise an SSL error without the file's name.
        if not Path(path).is_file():
            raise JobFileError(f"{job.label}: cluster.tls.{key}: there is no file {path}")
    ca, cert, key = paths.values()
    return Security(require_encryption=True, tls_ca_file=ca, tls_client_cert=cert, tls_client_key=key)


def first_line(error: BaseException) -> str:
    """The first line of an error's message, or its type."""
    return (str(error) or type(error).__name__).splitlines()[0]
