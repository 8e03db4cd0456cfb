import json

import numpy as np
import pytest

import mvn_dask
from mvn_dask.reporting.report import report
from tests.reporting.samples import MEAN, sample


def test_they_are_json_and_the_report_s() -> None:
    x = sample(2000, chunks=500)
    mvn_dask.to_zarr(x, "memory://numbers")
    found = report("memory://numbers")
    data = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert data["ok"] is True
    assert data["error_rate"] == 0.001
    assert data["shape"] == [2000, 4]
    assert data["sample"]["entropy"] == "1"
    assert [verdict["family"] for verdict in data["verdicts"]] == [verdict.family for verdict in found.verdicts]
    assert data["variables"]["mean"] == pytest.approx(x.compute().mean(axis=0))
    assert data["variables"]["expected_mean"] == MEAN.tolist()
    assert data["variables"]["standard_deviation"] == pytest.approx(x.compute().std(axis=0, ddof=1))
    assert data["correlations"]["sample"] == pytest.approx(np.corrcoef(x.compute().T))
    assert sum(data["distances"]["counts"]) == data["distances"]["rows"] == 2000
    assert [sum(each) for each in data["histograms"]["counts"]] == [2000] * 4


@pytest.mark.parametrize("size", [(), 0, 1])
def test_hardly_any_rows(size: object) -> None:
    url = f"memory://numbers-{size}"
    mvn_dask.to_zarr(mvn_dask.MultivariateNormal([0.0, 1.0], [0.0, 1.0]).sample(size, seed=1), url)
    data = json.loads(json.dumps(report(url).as_dict(), allow_nan=False))
    assert data["ok"] is True
    assert data["correlations"] is None


def test_many_variables_stay_short() -> None:
    mvn_dask.to_zarr(mvn_dask.MultivariateNormal(np.zeros(20_000), 1.0).sample(10, seed=1), "memory://numbers-wide")
    text = json.dumps(report("memory://numbers-wide").as_dict(), allow_nan=False)
    assert len(text) < 2**20
    assert json.loads(text)["left_out"]
