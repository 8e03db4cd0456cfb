import math
from typing import Any, get_args

import pytest

from mvn_dask.errors import JobFileError
from mvn_dask.job.job import Job
from mvn_dask.job.schema.estimate_table import ARGUMENTS, EstimateTable, StatisticName
from tests.support.jobs import mapping

RULE = "must be a number greater than 0 and less than 1, or a list of these"
WEIGHTS = "must be a list of weights, or a table of columns and their weights"


def tables(*given: dict[str, Any]) -> tuple[EstimateTable, ...]:
    return Job.from_mapping({**mapping(), "estimate": list(given)}, label="job.toml").estimates


def test_every_statistic_has_its_keys() -> None:
    assert ARGUMENTS.keys() == set(get_args(StatisticName))
    assert {key for keys in ARGUMENTS.values() for key in keys} < EstimateTable.model_fields.keys()


def test_what_a_table_holds() -> None:
    mean, risk, histogram = tables(
        {"statistic": "mean", "combination": [1, 2.5]},
        {"statistic": "value-at-risk", "level": [0.9, 0.99], "function": "losses:total", "name": "risk"},
        {"statistic": "histogram", "bins": "1e2", "column": "oil"},
    )
    assert (mean.combination, mean.arguments, mean.title) == ((1.0, 2.5), {}, "mean of combination [1.0, 2.5]")
    assert (risk.arguments, risk.title) == ({"level": (0.9, 0.99)}, "risk")
    assert (histogram.arguments, histogram.title) == ({"bins": 100}, 'histogram 100 of column "oil"')
    assert tables({"statistic": "mean", "column": 1.0})[0].column == 1
    assert tables() == ()


FAULTS: list[tuple[dict[str, Any], str]] = [
    ({}, "statistic: is required"),
    ({"statistic": "median"}, 'statistic: must be "mean", "moments", "mean-and-covariance", "correlation", "quantile"'),
    (
        {"statistic": "mean", "column": -1},
        "column: must be the number of a column, counted from 0, or its name, not -1",
    ),
    (
        {"statistic": "mean", "column": True},
        "column: must be the number of a column, counted from 0, or its name, not ",
    ),
    ({"statistic": "mean", "column": " "}, "column: must be the number of a column, or its name, not an empty text"),
    ({"statistic": "mean", "column": 0, "function": "a:b"}, "function: must not be given beside column: it is one or"),
    ({"statistic": "mean", "combination": []}, "combination: must not be empty"),
    ({"statistic": "mean", "combination": {}}, "combination: must not be empty"),
    ({"statistic": "mean", "combination": 3}, f"combination: {WEIGHTS}, not 3"),
    ({"statistic": "mean", "combination": {"oil": "x"}}, f'combination: {WEIGHTS}, and "x" is no number'),
    ({"statistic": "mean", "combination": [1, math.inf]}, f"combination: {WEIGHTS}, and inf is not finite in float64"),
    ({"statistic": "mean", "combination": [10**400]}, f"combination: {WEIGHTS}, and "),
    (
        {"statistic": "mean", "function": "losses.total"},
        'function: must be a module and a name in it, as "module:name"',
    ),
    ({"statistic": "mean", "q": 0.5}, 'q: means nothing with statistic = "mean", which takes column, combination, fun'),
    ({"statistic": "correlation", "column": 1}, 'column: means nothing with statistic = "correlation", which takes fu'),
    ({"statistic": "quantile"}, 'q: is required with statistic = "quantile"'),
    ({"statistic": "quantile", "q": 1}, f"q: {RULE}, not 1"),
    ({"statistic": "quantile", "q": [0.5, 0.0]}, f"q: {RULE}, not 0.0"),
    ({"statistic": "quantile", "q": math.nan}, f"q: {RULE}, and nan is not finite in float64"),
    ({"statistic": "quantile", "q": "0.5"}, f'q: {RULE}, and "0.5" is no number'),
    ({"statistic": "quantile", "q": []}, "q: must not be an empty list"),
    ({"statistic": "value-at-risk", "level": 99.9}, f"level: {RULE}, not 99.9"),
    ({"statistic": "expected-shortfall", "q": 0.9}, 'level: is required with statistic = "expected-shortfall"'),
    ({"statistic": "probability", "event": "=> 3"}, 'event: must be a comparison with a number, as "> 3.0" (or >=, <'),
    ({"statistic": "histogram", "bins": 0}, "bins: must be an integer of at least 1, not 0"),
    (
        {"statistic": "histogram", "bins": [1, 1]},
        "bins: must be the number of bins, or at least two edges, ascending, ",
    ),
    ({"statistic": "extremes", "k": 0}, "k: must be an integer of at least 1, not 0"),
    ({"statistic": "mean", "colum": 0}, "colum: unknown key; did you mean estimate.1.column?"),
]


@pytest.mark.parametrize(("table", "text"), FAULTS)
def test_faults_are_named_with_their_table(table: dict[str, Any], text: str) -> None:
    with pytest.raises(JobFileError) as caught:
        tables({"statistic": "mean"}, table)
    assert any(line.startswith(f"job.toml: estimate.1.{text}") for line in str(caught.value).splitlines())


def test_something_else_than_tables() -> None:
    for value, text in [
        ({"statistic": "mean"}, "estimate: must be a list of tables, each under the heading [[estimate]]"),
        ([3], "estimate.0: must be a table, not 3"),
    ]:
        with pytest.raises(JobFileError) as caught:
            Job.from_mapping({**mapping(), "estimate": value}, label="job.toml")
        assert str(caught.value) == f"job.toml: {text}"


def test_they_are_written_under_headings_and_read_again() -> None:
    job = Job.from_mapping(
        {
            **mapping(),
            "estimate": [
                {"statistic": "probability", "event": "> 3", "combination": {"oil": 1, "a b": 2}},
                {"statistic": "histogram", "bins": [0, 1]},
            ],
        }
    )
    text = job.to_toml()
    assert text.endswith(
        '[[estimate]]\nstatistic = "probability"\ncombination = { oil = 1.0, "a b" = 2.0 }\nevent = "> 3"\n\n'
        '[[estimate]]\nstatistic = "histogram"\nbins = [0.0, 1.0]\n'
    )
