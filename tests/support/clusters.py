"""Dask clusters of this machine, small and quiet."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from distributed import LocalCluster


def local_cluster(**options: object) -> LocalCluster:
    """Two worker processes with one thread each, unless `options` say otherwise."""
    return LocalCluster(
        **{
            "n_workers": 2,
            "threads_per_worker": 1,
            # Of threads it would be that of all tests.
            "memory_limit": "2 GiB" if options.get("processes", True) else 0,
            "dashboard_address": "127.0.0.1:0",
            "silence_logs": logging.CRITICAL,
            **options,
        }
    )


@contextmanager
def replaced_workers(cluster: LocalCluster, pause: float = 20.0) -> Iterator[None]:
    """Inside the body, another worker is started whenever there was none at two looks in a row.

    A nanny gives up where its worker dies while it begins, as happens on busy machines.
    """
    ended = threading.Event()

    def watch() -> None:
        missing = False
        while not ended.wait(pause):
            workers = cluster.scheduler_info["workers"]
            if missing and not workers:
                cluster.scale(len(cluster.worker_spec) + 1)
            missing = not workers

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
