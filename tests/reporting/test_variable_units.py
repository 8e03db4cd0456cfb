"""Units come from the attributes of the stored array, and stand beside every value in them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

import mvn_dask
from mvn_dask.reporting.variable_units import UNIT_LETTERS, units_of
from mvn_dask.store.format.manifest import require_manifest
from mvn_dask.store.storage.addressing import open_storage
from tests.reporting.samples import sample_report


@pytest.mark.parametrize(
    ("units", "found"),
    [
        ("K", {0: "K", 2: "K"}),
        (["USD", " ", "EUR / MWh"], {0: "USD", 2: "EUR / MWh"}),
        (["USD", "EUR"], {}),
        ([1, 2, 3], {}),
        ("", {}),
        (None, {}),
        ("x" * 99, dict.fromkeys((0, 2), "x" * (UNIT_LETTERS - 1) + "…")),
    ],
)
def test_units_are_texts(units: Any, found: dict[int, str], tmp_path: Path) -> None:
    mvn_dask.to_zarr(mvn_dask.MultivariateNormal(np.zeros(3), 1.0).sample(10, seed=1), tmp_path)
    zarr.open_array(tmp_path / "samples", mode="r+").attrs["units"] = units
    storage = open_storage(tmp_path)
    assert units_of(storage, require_manifest(storage), [0, 2]) == found


def test_a_page_shows_values_in_their_units(tmp_path: Path) -> None:
    mvn_dask.to_zarr(mvn_dask.MultivariateNormal([20.0, 1.0], [4.0, 1.0]).sample(2000, seed=1), tmp_path)
    assert sample_report(tmp_path).as_dict()["variables"]["units"] == ["", ""]
    zarr.open_array(tmp_path / "samples", mode="r+").attrs["units"] = ["°C", "<b>m</b>"]
    report = sample_report(tmp_path)
    assert report.as_dict()["variables"]["units"] == ["°C", "<b>m</b>"]
    text = report.html
    assert "0 to 0.25 standard deviations (20.00 to 20.50 °C)" in text
    assert "standard deviations, and values in °C" in text
    assert "<td>&lt;b&gt;m&lt;/b&gt;</td>" in text
    assert "<b>m</b>" not in text
