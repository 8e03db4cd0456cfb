from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mvn_dask.errors import InvalidDistributionError, JobFileError
from mvn_dask.job.inputs.distribution_inputs import distribution_inputs
from mvn_dask.job.inputs.label_files import read_labels
from tests.support.jobs import job_in

LABELS: list[Any] = [
    np.array([1, 2], "int32"),
    np.array([2**63, 2**63 + 1], "uint64"),
    np.array([0.5, 1.5], "float32"),
    np.array(["a", "ö"]),
    np.array(["2026-01-01", "2026-02-01"], "datetime64[ns]"),
    np.array([1, 2], "timedelta64[s]"),
]


@pytest.mark.parametrize("labels", LABELS, ids=lambda labels: str(labels.dtype))
def test_labels_keep_their_type(labels: Any, tmp_path: Path) -> None:
    np.save(tmp_path / "lat.npy", labels)
    job = job_in(tmp_path, distribution={"mean": [0.0, 1.0], "cov": 1.0, "dims": ["lat"], "coords": {"lat": "lat.npy"}})
    found = read_labels(job, "lat", "lat.npy")
    assert found.dtype == labels.dtype
    values = distribution_inputs(job).event.coords["lat"].values
    assert values.dtype == (object if labels.dtype.kind == "U" else labels.dtype)
    assert values.tolist() == labels.tolist()


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (np.zeros((2, 2)), r"coords.lat: .*lat.npy: must be a vector of labels, and its shape is \(2, 2\)"),
        (np.zeros(0), "must be a vector of labels"),
        (np.array([True, False]), "must hold numbers, times or texts, and its dtype is bool"),
        (np.array([1.0, np.nan]), "finite labels"),
        (np.array([1.0, 2.0, 3.0]), "there are 2, and 3 labels"),
        (np.array([1.0, 1.0]), "must differ"),
    ],
)
def test_files_that_hold_no_labels(labels: Any, words: str, tmp_path: Path) -> None:
    np.save(tmp_path / "lat.npy", labels)
    table = {"mean": [0.0, 1.0], "cov": 1.0, "dims": ["lat"], "coords": {"lat": "lat.npy"}}
    with pytest.raises(InvalidDistributionError, match=words):
        distribution_inputs(job_in(tmp_path, distribution=table))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("none.npy", "there is no such file"),
        ("lat.csv", "from a .npy file on a disk; a mean in a Zarr array"),
        ("s3://bucket/lat.npy", "from a .npy file on a disk"),
        ([], "must not be an empty list"),
        ([1.0, "a"], "and not both"),
        ([[1.0], [2.0]], "a list of numbers, a list of texts, or the path of a .npy file, not"),
        ([True, False], "not"),
        (3.0, "must be a list of numbers or texts, or the path of a .npy file"),
        ({"path": "lat.npy"}, "the path of a .npy file"),
    ],
)
def test_values_that_are_no_labels(value: Any, words: str, tmp_path: Path) -> None:
    table = {"mean": [0.0, 1.0], "cov": 1.0, "dims": ["lat"], "coords": {"lat": value}}
    with pytest.raises(JobFileError, match=words) as caught:
        distribution_inputs(job_in(tmp_path, distribution=table))
    assert "\n" not in str(caught.value)
    assert "distribution.coords" in str(caught.value)


def test_names_of_axes_that_no_store_has(tmp_path: Path) -> None:
    for dim in ("grid point", "mean", "x/y"):
        table = {"mean": [0.0, 1.0], "cov": 1.0, "dims": [dim]}
        with pytest.raises(JobFileError, match=r"distribution\.dims: dimensions of a store are named by"):
            job_in(tmp_path, distribution=table)
