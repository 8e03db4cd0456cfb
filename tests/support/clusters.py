"""Dask clusters of this machine, small and quiet."""

import logging

from distributed import LocalCluster


def local_cluster(**options: object) -> LocalCluster:
    """Two worker processes with one thread each, unless `options` say otherwise."""
    return LocalCluster(
        **{
            "n_workers": 2,
            "threads_per_worker": 1,
            "memory_limit": "2 GiB",
            "dashboard_address": "127.0.0.1:0",
            "silence_logs": logging.CRITICAL,
            **options,
        }
    )
