import json
from dataclasses import dataclass

import numpy as np

from mvn_dask.statistics.results import ConfidenceInterval, Estimate, Result


def estimate(columns: int = 2) -> Estimate:
    value = np.arange(1.0, 1.0 + columns)
    return Estimate(value, value / 10, ConfidenceInterval(value - 1, value + 1, 0.95), np.full(columns, 7), "a rule")


@dataclass(frozen=True)
class Pair(Result):
    one: Estimate
    other: Estimate


def test_an_estimate_shows_itself() -> None:
    found = estimate().described(("oil", "<gas>"), np.array([0, 3]))
    assert str(found).splitlines() == [
        "oil: 1 ± 0.1, 95 % [0, 2]",
        "<gas>: 2 ± 0.2, 95 % [1, 3]",
        "7 rows; 3 missing left out; a rule",
    ]
    assert repr(found) == (
        "Estimate(value=[1, 2], standard_error=[0.1, 0.2], confidence_interval=[[0, 1], [2, 3]], count=[7, 7])"
    )
    html = found._repr_html_()
    assert "&lt;gas&gt;" in html
    assert html.count("<tr>") == 3


def test_of_many_columns_the_first_ones_are_printed() -> None:
    assert str(estimate(9)).splitlines()[6].startswith("… 3 more")


def test_one_column_gives_numbers() -> None:
    found = estimate(1).described(None, np.array([2])).squeezed()
    assert (found.value, found.standard_error, found.count, found.omitted) == (1.0, 0.1, 7, 2)
    assert isinstance(found.value, float)
    assert repr(found).startswith("Estimate(value=1, standard_error=0.1, confidence_interval=[0, 2], count=7)")


def test_results_as_json() -> None:
    found = Pair(estimate(1).squeezed(), estimate().described(("a", "b"), 4))
    again = json.loads(json.dumps(found.to_dict()))
    assert again["one"]["confidence_interval"] == {"low": 0.0, "high": 2.0, "level": 0.95}
    assert again["other"]["columns"] == ["a", "b"]
    unknown = Estimate(1.0, float("nan"), ConfidenceInterval(0.0, 2.0, 0.95), 7, "a rule")
    assert unknown.to_dict()["standard_error"] is None


def test_intervals_unpack_as_those_of_scipy() -> None:
    low, high = estimate(1).squeezed().confidence_interval
    assert (low, high) == (0.0, 2.0)
    lows, highs = estimate().confidence_interval
    assert lows.tolist() == [0.0, 1.0]
    assert highs.tolist() == [2.0, 3.0]


def test_results_of_results_are_described_as_one() -> None:
    found = Pair(estimate(1), estimate(1)).described(("a",), np.array([5])).squeezed()
    assert found.one.omitted == found.other.omitted == 5
    assert "one: " in str(found)
    assert found._repr_html_().count("<tr>") == 3


def test_estimates_are_equal_by_their_numbers() -> None:
    assert estimate() == estimate()
    assert hash(estimate()) == hash(estimate())
    assert estimate() != estimate(1)
