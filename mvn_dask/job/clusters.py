"""Who does the work of a job: threads, processes, or a Dask cluster, from its opening to its end."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mvn_dask.errors import JobFileError, StoppedError, WorkersLostError
from mvn_dask.job.hearing import heard
from mvn_dask.job.schema.cluster import Cluster, Tls
from mvn_dask.job.schema.job import Job
from mvn_dask.job.shielding import shielded
from mvn_dask.store import stopping
from mvn_dask.store.targets.secrets import masked

Tell = Callable[[str], object]

LOOPBACK = "127.0.0.1"
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
LOOK = 0.05
"""Seconds between two looks whether the job was stopped meanwhile."""


@contextmanager
def opened(
    job: Job, client: Any = None, *, connect_timeout: float = 30.0, tell: Tell = lambda _: None
) -> Iterator[None]:
    """Inside the body, dask computes where the job says.

    Parameters
    ----------
    job : Job
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
    StoppedError
        If the current `stopping.Stop` is requested while the cluster is not there yet, or if it is lost then.
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
            # A setting from outside, of threads for example, would go before the client.
            stack.enter_context(dask.config.set(scheduler=client))
            tell(_described(client))
        try:
            yield
        except WorkersLostError as error:
            # Whoever stops a job may end its workers and its scheduler as well.
            _refuse_stopped(error)
            raise


def _refuse_stopped(error: BaseException | None = None) -> None:
    if stopping.current().requested:
        raise StoppedError("the job was stopped with work left: the same call goes on") from error


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
    event = context.Event()
    count = workers or CPU_COUNT
    with (
        ProcessPoolExecutor(count, context, initializer=join_pool, initargs=(event,)) as pool,
        stopping.current().telling(lambda _: event.set()),
        dask.config.set(scheduler="processes", pool=pool, num_workers=count),
    ):
        with shielded():
            for _ in range(count):  # the processes begin with their first tasks, one each
                pool.submit(int)
        yield


@contextmanager
def _client(job: Job, timeout: float) -> Iterator[Any]:
    from distributed import Client

    table = job.cluster
    if table.kind == "scheduler":
        with _connected(partial(Client, **_scheduler(job, timeout), timeout=timeout), timeout) as client:
            yield client
        return
    with (
        _cluster(job) as cluster,
        Client(cluster, timeout=max(timeout, 1.0)) as client,
        heard(client) if table.kind == "local" else nullcontext(),
    ):
        yield client


def _connected(connect: Callable[[], Any], timeout: float) -> Any:
    """A client of a scheduler that others started; one line where it cannot be reached.

    The connection is made in another thread, which is left alone once the job is stopped.
    """
    found: list[Any] = []

    def make() -> None:
        try:
            found.append(connect())
        except Exception as error:  # noqa: BLE001 raised below
            found.append(error)

    thread = threading.Thread(target=make, daemon=True, name="mvn-dask-connect")
    thread.start()
    while thread.is_alive():
        _refuse_stopped()
        thread.join(LOOK)
    if isinstance(found[0], (OSError, ValueError)):
        raise ConnectionError(f"no scheduler answers within {timeout:g} s: {_first_line(found[0])}") from found[0]
    if isinstance(found[0], Exception):
        raise found[0]
    return found[0]


def _scheduler(job: Job, timeout: float) -> dict[str, Any]:
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
        _refuse_stopped()
        if time.monotonic() > deadline:
            raise ConnectionError(f"no scheduler wrote {path} within {timeout:g} s")
        time.sleep(min(LOOK, max(0.0, deadline - time.monotonic())))
    return path


def _security(job: Job, tls: Tls) -> Any:
    from distributed import Security

    paths = {"ca": job.locate(tls.ca), "cert": job.locate(tls.cert), "key": job.locate(tls.key)}
    for key, path in paths.items():
        if not Path(path).is_file():
            raise JobFileError(f"{job.place}: cluster.tls.{key}: there is no file {path}")
    return Security(
        require_encryption=True, tls_ca_file=paths["ca"], tls_client_cert=paths["cert"], tls_client_key=paths["key"]
    )


@contextmanager
def _cluster(job: Job) -> Iterator[Any]:
    """A cluster that is ours, until the end of the body."""
    table = job.cluster
    given = table.options.get_secret_value()
    options = {**_keywords(table), **given}
    make = _class(job, "distributed.LocalCluster" if table.kind == "local" else table.class_ or CLASSES[table.kind])
    if table.kind == "local":
        options = {**_local(table), **options, "preload": [SHIELD, *_several(given.get("preload"))]}
    try:
        with shielded() if table.kind in {"local", "class"} else nullcontext():
            cluster = make(**options)
    except (TypeError, ValueError) as error:
        text = masked(_first_line(error), given)
        raise JobFileError(f"{job.place}: cluster.options: {make.__name__} refuses them: {text}") from error
    except Exception as error:
        _refuse_stopped(error)
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
        return options
    if table.adaptive is not None:
        options["n_workers"] = table.adaptive.minimum
    elif table.workers is not None:
        options["n_workers"] = table.workers
    return options


def _several(value: Any) -> list[Any]:
    return [] if value is None else list(value) if isinstance(value, (list, tuple)) else [value]


def _local(table: Cluster) -> dict[str, Any]:
    options: dict[str, Any] = {"host": LOOPBACK, "dashboard_address": f"{LOOPBACK}:0"}
    if table.tls:
        from distributed import Security

        if find_spec("cryptography") is None:
            raise JobFileError("cluster.tls of a local cluster needs cryptography: pip install 'mvn_dask[tls]'")
        options |= {"security": Security.temporary(), "protocol": "tls://"}
    return options


def _class(job: Job, name: str) -> Any:
    module, _, attribute = name.rpartition(".")
    try:
        return getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        extra = ": pip install 'mvn_dask[jobqueue]'" if module == "dask_jobqueue" else ""
        raise JobFileError(f"{job.place}: cluster.kind: {name} cannot be imported ({error}){extra}") from error


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
