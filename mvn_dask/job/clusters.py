"""Who does the work of a job: threads, processes, or a Dask cluster, from its opening to its end."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from importlib import import_module
from importlib.util import find_spec
from inspect import signature
from typing import Any

from mvn_dask.errors import JobFileError, WorkersLostError
from mvn_dask.execution import cancellation
from mvn_dask.execution.cancellation import raise_if_cancelled
from mvn_dask.job.connecting import connected, first_line
from mvn_dask.job.hearing import heard
from mvn_dask.job.schema.cluster import Cluster
from mvn_dask.job.schema.specification import Specification
from mvn_dask.job.shielding import shielded
from mvn_dask.redaction import redact

Tell = Callable[[str], object]

LOOPBACK = "127.0.0.1"
PAUSE = 30.0
"""Seconds between two looks whether there are workers."""
CLASSES = {
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
SHIELD = "mvn_dask.job.shielding"
"""What workers of a local cluster preload: signals for the whole group are their coordinator's to hear."""


@contextmanager
def opened(
    job: Specification, client: Any = None, *, connect_timeout: float = 30.0, tell: Tell = lambda _: None
) -> Iterator[None]:
    """Inside the body, dask computes where the job says.

    Parameters
    ----------
    job : Specification
        Its table ``[cluster]`` counts.
    client : distributed.Client, optional
        A cluster that is there already, in place of that table.
    connect_timeout : float
        Seconds to wait for a scheduler.
    tell : callable
        Is told in words which cluster it is, and where its dashboard is.

    Raises
    ------
    OSError
        If the scheduler cannot be reached in time.
    JobCancelledError
        If the current `CancelToken` is cancelled while the cluster is not there yet, or if it is lost then.
    JobFileError
        If the cluster's class cannot be imported, or refuses its options.
    """
    import dask

    table = job.cluster
    with ExitStack() as stack:
        if client is None and table.kind == "threads":
            stack.enter_context(dask.config.set(scheduler="threads", num_workers=table.threads))
        elif client is None and table.kind == "processes":
            stack.enter_context(_processes(table.workers))
        else:
            client = client or stack.enter_context(_client(job, connect_timeout))
            stack.enter_context(client.as_current())
            # A setting from outside, of threads for example, would go before the client. By its name, since workers
            # that begin from now on get all settings pickled.
            stack.enter_context(dask.config.set(scheduler="distributed"))
            tell(_described(client))
            stack.enter_context(_awaiting_workers(client, tell))
        try:
            yield
        except WorkersLostError as error:
            # Whoever stops a job may end its workers and its scheduler as well.
            raise_if_cancelled(error)
            raise


@contextmanager
def _awaiting_workers(client: Any, tell: Tell) -> Iterator[None]:
    """Inside the body, say from time to time that there are no workers, while there are none."""
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(PAUSE):
            with suppress(Exception):  # the scheduler may be gone, and whoever submits to it will say so
                if not client.scheduler_info(n_workers=-1)["workers"]:
                    tell("there are no workers; waiting for some")

    thread = threading.Thread(target=look, daemon=True, name="mvn-dask-workers")
    thread.start()
    try:
        yield
    finally:
        ended.set()


def _described(client: Any) -> str:
    workers = client.scheduler_info(n_workers=-1)["workers"].values()
    threads = sum(int(worker["nthreads"]) for worker in workers)
    text = f"cluster at {client.scheduler.address}: {len(workers)} workers, {threads} threads so far"
    if find_spec("bokeh") is None:
        return f"{text}; no dashboard, which needs bokeh: pip install 'mvn_dask[dashboard]'"
    return f"{text}; dashboard at {client.dashboard_link}"


@contextmanager
def _processes(workers: int | None) -> Iterator[None]:
    """A pool of processes that hear of a stop, and end with us."""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    import dask
    from dask.system import CPU_COUNT

    from mvn_dask.job.shielding import join_pool

    context = multiprocessing.get_context("spawn")
    with shielded():
        event = context.Event()
    count = workers or CPU_COUNT
    with (
        ProcessPoolExecutor(count, context, initializer=join_pool, initargs=(event,)) as pool,
        cancellation.current_token().on_cancel(lambda _: event.set()),
        dask.config.set(scheduler="processes", pool=pool, num_workers=count),
    ):
        with shielded():
            for _ in range(count):  # the processes begin with their first tasks, one each
                pool.submit(int)
        yield


@contextmanager
def _client(job: Specification, timeout: float) -> Iterator[Any]:
    from distributed import Client

    table = job.cluster
    if table.kind == "scheduler":
        with connected(job, timeout) as client:
            yield client
        return
    with (
        _cluster(job) as cluster,
        Client(cluster, timeout=max(timeout, 1.0)) as client,
        heard(client) if table.kind == "local" else nullcontext(),
    ):
        yield client


@contextmanager
def _cluster(job: Specification) -> Iterator[Any]:
    """A cluster that is ours, until the end of the body."""
    table = job.cluster
    given = table.options.get_secret_value()
    options = {**given, **_keywords(table)}
    make = _class(job, "distributed.LocalCluster" if table.kind == "local" else table.class_ or CLASSES[table.kind])
    if table.kind == "local":
        _refuse_unknown(job, given)
        options = {**_local(table), **options, "preload": [SHIELD, *_several(given.get("preload"))]}
    try:
        with shielded() if table.kind in {"local", "class"} else nullcontext():
            cluster = make(**options)
    except (TypeError, ValueError) as error:
        text = redact(first_line(error), given)
        raise JobFileError(f"{job.place}: cluster.options: {make.__name__} refuses them: {text}") from error
    except Exception as error:
        raise_if_cancelled(error)
        if given:
            text = redact(first_line(error), given)
            raise JobFileError(f"{job.place}: cluster.options: {make.__name__} does not start: {text}") from error
        raise
    with cluster:
        if table.adaptive is not None:
            cluster.adapt(minimum=table.adaptive.minimum, maximum=table.adaptive.maximum)
        elif table.workers is not None and table.kind != "local":
            cluster.scale(table.workers)
        yield cluster


def _keywords(table: Cluster) -> dict[str, Any]:
    """The keys that all kinds have in common, as the classes call them."""
    if table.kind in {"kubernetes", "class"}:
        return {}
    options: dict[str, Any] = {}
    if table.threads is not None:
        options["threads_per_worker" if table.kind == "local" else "cores"] = table.threads
    if table.memory is not None:
        options["memory_limit" if table.kind == "local" else "memory"] = table.memory
    if table.kind != "local":
        # One process a job of the queue, however many threads it has.
        options["processes"] = 1
        given = table.options.get_secret_value().get("scheduler_options", {})
        options["scheduler_options"] = {"dashboard_address": f"{LOOPBACK}:0", **given}
        return options
    if table.adaptive is not None:
        options["n_workers"] = table.adaptive.minimum
    elif table.workers is not None:
        options["n_workers"] = table.workers
    return options


def _refuse_unknown(job: Specification, given: Iterable[str]) -> None:
    """What a local cluster does not know goes to its workers, which fail late and loudly."""
    from distributed import LocalCluster, Nanny, Worker
    from distributed.core import Server

    known = {name for kind in (LocalCluster, Nanny, Worker, Server) for name in signature(kind).parameters}
    unknown = sorted(set(given) - known)
    if unknown:
        raise JobFileError(
            "\n".join(f"{job.place}: cluster.options.{name}: LocalCluster knows none" for name in unknown)
        )


def _several(value: Any) -> list[Any]:
    return [] if value is None else list(value) if isinstance(value, (list, tuple)) else [value]


def _local(table: Cluster) -> dict[str, Any]:
    options: dict[str, Any] = {"dashboard_address": f"{LOOPBACK}:0"}
    if table.tls or table.options.get_secret_value().get("processes", True):
        options["host"] = LOOPBACK  # threads alone need no address
    if table.tls:
        from distributed import Security

        if find_spec("cryptography") is None:
            raise JobFileError("cluster.tls of a local cluster needs cryptography: pip install 'mvn_dask[tls]'")
        options |= {"security": Security.temporary(), "protocol": "tls://"}
    return options


def _class(job: Specification, name: str) -> Any:
    module, _, attribute = name.rpartition(".")
    try:
        return getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        extra = ": pip install 'mvn_dask[jobqueue]'" if module == "dask_jobqueue" else ""
        raise JobFileError(f"{job.place}: cluster.kind: {name} cannot be imported ({error}){extra}") from error
