"""Jobs to test with."""

from typing import Any

from mvn_dask.job.job import Job


def mapping(**tables: dict[str, Any]) -> dict[str, Any]:
    """A small job, with other keys in some of its tables; None takes a key away."""
    whole: dict[str, Any] = {
        "version": 1,
        "distribution": {"mean": [0.0, 1.0], "cov": [4.0, 9.0]},
        "sample": {"size": 1000, "seed": 42},
        "output": {"url": "samples.zarr"},
    }
    for name, table in tables.items():
        merged = {**whole.get(name, {}), **table}
        whole[name] = {key: value for key, value in merged.items() if value is not None}
    return whole


def job(**tables: dict[str, Any]) -> Job:
    return Job.from_mapping(mapping(**tables), place="job.toml")
