"""Where a job's tasks run. Input: the table ``[cluster]``; output: dask configured for threads, processes or a cluster.

What is started here ends with the body of `open_cluster`, however that ends.
"""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mvn_dask.errors import JobFileError, WorkersLostError
from mvn_dask.escaping import printable
from mvn_dask.execution.cancellation import raise_if_cancelled
from mvn_dask.execution.losses import processes_not_started
from mvn_dask.job.cluster_options import cluster_options
from mvn_dask.job.process_pool import process_pool
from mvn_dask.job.schema.cluster_table import TlsTable
from mvn_dask.job.schema.job_spec import JobSpec
from mvn_dask.job.signal_masking import signals_blocked
from mvn_dask.job.worker_logging import worker_logs
from mvn_dask.readable import plural
from mvn_dask.redaction import redact

log = logging.getLogger(__name__)

WORKER_CHECK_SECONDS = 30.0
"""Seconds between two checks whether there are workers."""
CLUSTER_CLASSES = {
    "local": "distributed.LocalCluster",
    "slurm": "dask_jobqueue.SLURMCluster",
    "pbs": "dask_jobqueue.PBSCluster",
    "lsf": "dask_jobqueue.LSFCluster",
    "sge": "dask_jobqueue.SGECluster",
    "htcondor": "dask_jobqueue.HTCondorCluster",
    "oar": "dask_jobqueue.OARCluster",
    "moab": "dask_jobqueue.MoabCluster",
    "kubernetes": "dask_kubernetes.operator.KubeCluster",
}
"""Cluster classes by the kinds that name them."""
TIMEOUT_MARGIN = 1.0
"""Seconds that a connection may take beyond its own timeout."""
CONNECTION_POLL_SECONDS = 0.05
"""Seconds between two checks for a cancelled job while a connection is made."""


@contextmanager
def open_cluster(job: JobSpec, client: Any = None, *, connect_timeout: float = 30.0) -> Iterator[None]:
    """Inside the body, dask computes where the job's table ``[cluster]`` says, or on the cluster of a client.

    Logs the cluster's address and dashboard, and from time to time that it has no workers. Raises OSError if the
    scheduler cannot be reached in time; JobCancelledError if the job is cancelled before the cluster is there, or if
    workers are lost after that; JobFileError if the cluster's class cannot be imported, or refuses its options.
    """
    import dask

    table = job.cluster
    with ExitStack() as stack:
        if client is None and table.kind == "threads":
            stack.enter_context(dask.config.set(scheduler="threads", num_workers=table.threads))
        elif client is None and table.kind == "processes":
            stack.enter_context(process_pool(table.workers))
        else:
            client = client or stack.enter_context(_client(job, connect_timeout))
            stack.enter_context(client.as_current())
            # A scheduler that the user configured, threads for example, would take precedence over the client. Set by
            # name, not as an object: new workers get the whole configuration pickled.
            stack.enter_context(dask.config.set(scheduler="distributed"))
            log.info(printable(_description(client)))
            stack.enter_context(_log_missing_workers(client))
        try:
            yield
        except WorkersLostError as error:
            # Whoever cancels a job may end its workers and its scheduler as well.
            raise_if_cancelled(error)
            raise


@contextmanager
def _log_missing_workers(client: Any) -> Iterator[None]:
    ended = threading.Event()

    def check() -> None:
        while not ended.wait(WORKER_CHECK_SECONDS):
            with suppress(Exception):  # without a scheduler; whoever submits to it will raise
                if not client.scheduler_info(n_workers=-1)["workers"]:
                    log.info("there are no workers; waiting for some")

    threading.Thread(target=check, daemon=True, name="mvn-dask-workers").start()
    try:
        yield
    finally:
        ended.set()


def _description(client: Any) -> str:
    workers = client.scheduler_info(n_workers=-1)["workers"].values()
    threads = sum(int(worker["nthreads"]) for worker in workers)
    dashboard = f"dashboard at {client.dashboard_link}"
    if find_spec("bokeh") is None:
        dashboard = "no dashboard, which needs bokeh: pip install 'mvn_dask[dashboard]'"
    size = f"{plural(len(workers), 'worker')}, {plural(threads, 'thread')} so far"
    return f"cluster at {client.scheduler.address}: {size}; {dashboard}"


@contextmanager
def _client(job: JobSpec, timeout: float) -> Iterator[Any]:
    from distributed import Client

    if job.cluster.kind == "scheduler":
        with _connect(job, timeout) as client:
            yield client
        return
    with (
        _cluster(job) as cluster,
        Client(cluster, timeout=max(timeout, 1.0)) as client,
        worker_logs(client) if job.cluster.kind == "local" else nullcontext(),
    ):
        yield client


@contextmanager
def _cluster(job: JobSpec) -> Iterator[Any]:
    """A cluster of our own."""
    table, make = job.cluster, _cluster_class(job)
    given = table.options.get_secret_value()
    options = cluster_options(job, given)
    try:
        # Only these start processes of ours. Commands that submit jobs to a queue must be interruptible.
        with signals_blocked() if table.kind in {"local", "class"} else nullcontext():
            cluster = make(**options)
    except Exception as error:
        if str(error).startswith("Nanny failed to start"):
            raise processes_not_started("the workers of the cluster") from error
        refused = isinstance(error, (TypeError, ValueError))
        if not refused:
            raise_if_cancelled(error)
            if not given:
                raise
        # What is raised may quote an option, and with it a credential.
        text = f"{make.__name__} {'refuses them' if refused else 'does not start'}: {redact(_first_line(error), given)}"
        raise JobFileError(f"{job.label}: cluster.options: {text}") from error
    with _closed_quietly(cluster):
        if table.adaptive is not None:
            cluster.adapt(minimum=table.adaptive.minimum, maximum=table.adaptive.maximum)
        elif table.workers is not None and table.kind != "local":
            cluster.scale(table.workers)
        yield cluster


@contextmanager
def _closed_quietly(cluster: Any) -> Iterator[None]:
    """Close a cluster after the body, without warnings that it takes long, or that it ends what is left of it."""
    library = logging.getLogger("distributed")
    with ExitStack() as stack:
        stack.callback(library.setLevel, library.level)
        stack.enter_context(cluster)
        stack.callback(library.setLevel, logging.ERROR)
        yield


def _cluster_class(job: JobSpec) -> Any:
    name = job.cluster.class_ or CLUSTER_CLASSES[job.cluster.kind]
    key = "cluster.kind" if job.cluster.class_ is None else "cluster.class"
    module, _, attribute = name.rpartition(".")
    try:
        found = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        extra = ": pip install 'mvn_dask[jobqueue]'" if module == "dask_jobqueue" else ""
        raise JobFileError(f"{job.label}: {key}: {name} cannot be imported ({error}){extra}") from error
    if not isinstance(found, type) or not all(hasattr(found, each) for each in ("scale", "__enter__", "__exit__")):
        raise JobFileError(f"{job.label}: {key}: must be a class of Dask clusters, and {name} is none")
    return found


def _connect(job: JobSpec, timeout: float) -> Any:
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
        raise ConnectionError(f"no scheduler answers within {timeout:g} s: {_first_line(found[0])}") from found[0]
    return found[0]


def _client_options(job: JobSpec, timeout: float) -> dict[str, Any]:
    from distributed import Security

    table = job.cluster
    options: dict[str, Any] = {"address": table.address}
    if table.scheduler_file is not None:
        path = job.locate(table.scheduler_file)
        # distributed waits for a scheduler file without a time limit.
        deadline = time.monotonic() + timeout
        while not Path(path).exists():
            raise_if_cancelled()
            if time.monotonic() > deadline:
                raise ConnectionError(f"no scheduler wrote {path} within {timeout:g} s")
            time.sleep(min(CONNECTION_POLL_SECONDS, max(0.0, deadline - time.monotonic())))
        options = {"scheduler_file": path}
    if isinstance(table.tls, TlsTable):
        paths = {key: job.locate(path) for key, path in table.tls}
        for key, path in paths.items():
            # distributed would raise an SSL error without the file's name.
            if not Path(path).is_file():
                raise JobFileError(f"{job.label}: cluster.tls.{key}: there is no file {path}")
        ca, cert, key = paths.values()
        tls = {"tls_ca_file": ca, "tls_client_cert": cert, "tls_client_key": key}
        options["security"] = Security(require_encryption=True, **tls)
    return options


def _first_line(error: BaseException) -> str:
    """The first line of an error's message, or its type."""
    return (str(error) or type(error).__name__).splitlines()[0]
