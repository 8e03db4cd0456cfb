import numpy as np
import pytest

from mvn_dask.reporting.bonferroni import bonferroni


def test_the_smallest_p_value_counts_as_often_as_there_are_tests() -> None:
    verdict = bonferroni("means", "Means", np.array([0.5, 0.01, np.nan]), 0.001, "the most extreme".format)
    assert (verdict.ok, verdict.tests, verdict.grade) == (True, 2, "ok")
    assert verdict.p_value == pytest.approx(0.02)
    assert str(verdict) == "Means: ok; the most extreme"
    bad = bonferroni("means", "Means", np.array([1e-5] * 10), 0.001, "the most extreme".format)
    assert (bad.ok, bad.grade) == (False, "NOT ok")
    assert str(bad) == "Means: NOT ok; the most extreme"


def test_nothing_to_test() -> None:
    verdict = bonferroni("means", "Means", np.full((2, 3), np.nan), 0.001, "{}".format, "no rows")
    assert (verdict.ok, verdict.tests, verdict.grade, verdict.text) == (True, 0, "not tested", "no rows")


def test_the_most_extreme_test_is_described() -> None:
    p_values = np.array([[0.3, 0.2], [0.1, np.nan]])
    assert bonferroni("means", "Means", p_values, 0.001, "row {}, column {}".format).text == "row 1, column 0"
