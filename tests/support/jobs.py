"""Small jobs, and stores that another machine began."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import mvn_dask
from mvn_dask.event import Event
from mvn_dask.job.job import Job
from mvn_dask.random.streams import as_root
from mvn_dask.sampling.array import sample
from mvn_dask.sampling.spec import sample_spec
from mvn_dask.store.writing import to_zarr

COV = [[4.0, 1.0], [1.0, 9.0]]


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
    return Job.from_mapping(mapping(**tables), label="job.toml")


def job_in(folder: Path, **tables: dict[str, Any]) -> Job:
    whole: dict[str, Any] = {"distribution": {"cov": COV}, "sample": {"chunks": 100}, **tables}
    return Job.from_mapping(mapping(**whole), folder=folder, label="job.toml")


def begin_elsewhere(folder: Path, *, part: tuple[int, int] | None = (0, 2), seed: int = 42) -> np.ndarray[Any, Any]:
    """Begin the job as a machine would whose LAPACK rounds otherwise; its factor."""
    dtype = np.dtype("float64")
    ours = mvn_dask.MultivariateNormal([0.0, 1.0], COV).sampler(dtype)
    ((name, matrix),) = ours.factor.arrays().items()
    theirs: np.ndarray[Any, Any] = np.nextafter(matrix, np.inf)
    sampler = replace(ours, factor=type(ours.factor).from_arrays({name: theirs}))
    spec = sample_spec(
        sampler, (1000,), root=as_root(seed).child(0), dtype=dtype, chunks=100, event=Event.of_variables(2)
    )
    to_zarr(sample(spec), folder / "samples.zarr", part=part)
    return np.asarray(theirs)
