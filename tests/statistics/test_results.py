import json
from dataclasses import dataclass

import numpy as np

from mvn_dask.statistics.confidence_interval import ConfidenceInterval
from mvn_dask.statistics.results import Estimate, Result


def estimate(columns: int = 2) -> Estimate:
    value = np.arange(1.0, 1.0 + columns)
    return Estimate(value, value / 10, ConfidenceInterval(value - 1, value + 1, 0.95), np.full(columns, 7), "a rule")


@dataclass(frozen=True, repr=False)
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
    assert "3 missing left out" in html


def test_of_many_columns_the_first_and_the_last_are_printed() -> None:
    lines = str(estimate(12)).splitlines()
    assert lines[7:10] == ["7: 8 ± 0.8, 95 % [7, 9]", "… 2 more", "10: 11 ± 1.1, 95 % [10, 12]"]
    html = estimate(1000)._repr_html_()
    assert "990 more" in html
    assert html.count("<tr>") == 12


def pairs(columns: int, diagonal_error: float) -> Estimate:
    value = np.full((columns, columns), 0.5) + 0.5 * np.eye(columns)
    error = np.full((columns, columns), 0.1)
    np.fill_diagonal(error, diagonal_error)
    return Estimate(value, error, ConfidenceInterval(value - error, value + error, 0.95), 7, "a rule")


def test_of_pairs_each_is_listed_once() -> None:
    covariances, correlations = pairs(2, 0.2), pairs(2, 0.0)
    assert [line.label for line in covariances.lines()[0]] == ["0, 0", "0, 1", "1, 1"]
    assert [line.label for line in correlations.lines()[0]] == ["0, 1"]
    assert "1 pair</span>" in correlations._repr_html_()
    first, last = pairs(1000, 0.0).lines()
    assert [first[0].label, first[-1].label, *(line.label for line in last)] == [
        "0, 1", "0, 8", "997, 999", "998, 999"
    ]  # fmt: skip
    assert "499,490 more" in pairs(1000, 0.0)._repr_html_()


def test_numbers_that_are_no_pairs_are_all_listed() -> None:
    value = np.array([[1.0, 2.0], [3.0, 4.0]])
    found = Estimate(value, value, ConfidenceInterval(value, value, 0.95), 7, "a rule")
    assert [line.label for line in found.lines()[0]] == ["0, 0", "0, 1", "1, 0", "1, 1"]


def test_numbers_have_the_digits_that_their_error_leaves_them() -> None:
    found = Estimate(1.23456, 0.0123, ConfidenceInterval(1.21, 1.26, 0.9), 7, "a rule", warning="it <misleads>")
    html = found._repr_html_()
    assert "1.235 ± 0.012" in html
    assert "<td>1.235</td><td>0.012</td><td>1.210</td><td>1.260</td>" in html
    assert ">90 % from</th>" in html
    assert '<p class="mvn-warning" role="note">it &lt;misleads&gt;</p>' in html


def test_remarks_on_single_numbers_stand_once() -> None:
    one = estimate(1).squeezed()
    html = Pair(one, one)._repr_html_()
    assert html.count("a rule") == 1
    other = estimate(1).warned("so few rows").squeezed()
    html = Pair(one, other)._repr_html_()
    assert "other: so few rows" in html


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


def test_results_of_results_are_described_as_one() -> None:
    found = Pair(estimate(1), estimate(1)).described(("a",), np.array([5])).squeezed()
    assert found.one.omitted == found.other.omitted == 5
    assert "one: " in str(found)
    assert found._repr_html_().count("<tr>") == 3


def test_estimates_are_equal_by_their_numbers() -> None:
    assert estimate() == estimate()
    assert hash(estimate()) == hash(estimate())
    assert estimate() != estimate(1)
