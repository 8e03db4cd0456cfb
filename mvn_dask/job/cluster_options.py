"""Keyword arguments of the class of a job's cluster. Input: the table ``[cluster]``; output: these arguments.

Cost: importing the class of a local cluster, whose options are compared with those that it takes.
"""

from collections.abc import Mapping
from importlib.util import find_spec
from inspect import signature
from typing import Any

from mvn_dask.errors import JobFileError
from mvn_dask.job.schema.job_spec import JobSpec

LOOPBACK = "127.0.0.1"
"""The address that clusters and dashboards of our own listen on: none is reachable from another machine."""
WORKER_PRELOAD = "mvn_dask.job.signal_masking"
"""Module that workers of a local cluster preload: they ignore signals and forward their log."""


def cluster_options(job: JobSpec, given: Mapping[str, Any]) -> dict[str, Any]:
    """Keyword arguments of the cluster class."""
    table = job.cluster
    if table.kind == "local":
        return _local_options(job, given)
    if table.kind in {"kubernetes", "class"}:
        return dict(given)
    scheduler = {"dashboard_address": f"{LOOPBACK}:0", **given.get("scheduler_options", {})}
    # One process a job of the queue, however many threads it has: threads share the factor.
    options = {**given, **_without_none(cores=table.threads, memory=table.memory, processes=1)}
    _refuse_missing_sizes(job, options)
    return {**options, "scheduler_options": scheduler}


def _refuse_missing_sizes(job: JobSpec, options: Mapping[str, Any]) -> None:
    """Raise JobFileError, a line a key, for what a job of a queue must be given, here or in dask's configuration."""
    import dask.config

    kind = job.cluster.kind
    wanted = {"cores": "threads", "memory": "memory"} | ({"disk": "options.disk"} if kind == "htcondor" else {})
    faults = [
        f'{job.label}: cluster.{key}: is required with kind = "{kind}", or jobqueue.{kind}.{option} in dask\'s '
        "configuration"
        for option, key in wanted.items()
        if options.get(option) is None and dask.config.get(f"jobqueue.{kind}.{option}", None) is None
    ]
    if faults:
        raise JobFileError(*faults)


def _local_options(job: JobSpec, given: Mapping[str, Any]) -> dict[str, Any]:
    from distributed import LocalCluster, Nanny, Security, Worker
    from distributed.core import Server

    # Workers would refuse an unknown option late, one by one.
    known = {name for kind in (LocalCluster, Nanny, Worker, Server) for name in signature(kind).parameters}
    faults = [f"{job.label}: cluster.options.{name}: LocalCluster takes no such option" for name in {*given} - known]
    if faults:
        raise JobFileError(*sorted(faults))
    table = job.cluster
    options: dict[str, Any] = {"dashboard_address": f"{LOOPBACK}:0"}
    if table.tls or given.get("processes", True):
        options["host"] = LOOPBACK  # with threads alone the scheduler listens nowhere
    if table.tls:
        if find_spec("cryptography") is None:
            raise JobFileError("cluster.tls of a local cluster needs cryptography: pip install 'mvn_dask[tls]'")
        options |= {"security": Security.temporary(), "protocol": "tls://"}
    workers = table.workers if table.adaptive is None else table.adaptive.minimum
    sizes = _without_none(threads_per_worker=table.threads, memory_limit=table.memory, n_workers=workers)
    preload = given.get("preload", [])
    preloads = preload if isinstance(preload, (list, tuple)) else [preload]
    return {**options, **given, **sizes, "preload": [WORKER_PRELOAD, *preloads]}


def _without_none(**options: object) -> dict[str, object]:
    return {name: value for name, value in options.items() if value is not None}
