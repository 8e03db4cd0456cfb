"""The table of variables holds what the store does, and has a bound."""

import csv
import io
import json

import numpy as np
import pytest
from scipy import stats

import mvn_dask
from mvn_dask.reporting.variable_table import LISTED, MOST_TABLED, farthest_off, tabled, variable_columns
from tests.reporting.samples import MEAN, Block, estimate, sample, sample_report


def test_columns_are_those_of_the_rows() -> None:
    x = sample(2000, chunks=500)
    found, rows = variable_columns(estimate(x)), x.compute()
    assert found["names"] == [f"variable {number}" for number in range(4)]
    assert found["expected_mean"] == MEAN.tolist()
    assert found["mean"] == pytest.approx(rows.mean(axis=0))
    assert found["smallest"] == rows.min(axis=0).tolist()
    errors = (rows.mean(axis=0) - MEAN) / (np.array(found["expected_standard_deviation"]) / np.sqrt(2000))
    assert found["mean_errors"] == pytest.approx(errors, abs=1e-6)
    assert found["mean_p_values"] == pytest.approx(2 * stats.norm.sf(np.abs(errors)), abs=1e-6)
    assert {len(column) for column in variable_columns(estimate(x), 2).values()} == {2}


def test_csv_and_json_hold_the_same_numbers() -> None:
    mvn_dask.to_zarr(sample(2000, chunks=500), "memory://variable-table")
    report = sample_report("memory://variable-table")
    lines = list(csv.DictReader(io.StringIO(report.to_csv(), newline="")))
    columns = json.loads(json.dumps(report.as_dict()))["variables"]
    assert [float(line["mean"]) for line in lines] == columns["mean"]
    assert [float(line["variance_p_value"]) for line in lines] == columns["variance_p_values"]
    assert [float(line["largest"]) for line in lines] == columns["largest"]
    assert [line["name"] for line in lines] == columns["names"]


def test_of_points_and_constants_nothing_is_known() -> None:
    points = variable_columns(estimate(mvn_dask.MultivariateNormal(MEAN, 1.0).sample(64, seed=1, points="sobol")))
    assert points["mean_p_values"] == [None] * 4
    constant = estimate(mvn_dask.MultivariateNormal([0.5, 1.0], [0.0, 1.0]).sample(10, seed=1))
    found = variable_columns(constant)
    assert (found["mean_p_values"][0], found["variance_p_values"][0]) == (None, None)
    assert (found["smallest"][0], found["largest"][0]) == (0.5, 0.5)


def test_the_table_begins_with_the_farthest_off() -> None:
    def change(numbers: Block) -> Block:
        numbers[:, 3] += 1.0
        numbers[:, 1] *= 3.0
        return numbers

    assert set(farthest_off(estimate(sample(), change))[:2]) == {1, 3}
    many = estimate(mvn_dask.MultivariateNormal(np.zeros(30), 1.0).sample(1000, seed=1))
    assert len(farthest_off(many)) == LISTED
    assert tabled(many) == list(range(30))


def test_of_very_many_variables_those_farthest_off_are_in_the_table() -> None:
    def change(numbers: Block) -> Block:
        numbers[:, 777] += 9.0
        return numbers

    wide = estimate(mvn_dask.MultivariateNormal(np.zeros(1000), 1.0).sample(50, seed=1), change)
    shown = tabled(wide)
    assert len(shown) == MOST_TABLED
    assert shown == sorted(shown)
    assert 777 in shown
    assert tabled(estimate(sample(0))) == []
