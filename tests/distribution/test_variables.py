"""Names and numbers of variables, and what goes with each."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

import mvn_dask
from mvn_dask.distribution.variables import grid_numbers, noise_variances, numbers_of_each, variable_numbers
from mvn_dask.errors import ArgumentError, ArgumentTypeError, MvnDaskError

NAMES = ("oil", "gas", "coal")


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        ("gas", [1]),
        (2, [2]),
        (-1, [2]),
        (np.int8(1), [1]),
        (np.array(1), [1]),
        (["coal", "oil"], [2, 0]),
        (("coal", 0, -2), [2, 0, 1]),
        (range(2), [0, 1]),
        (np.array([2, 0], np.uint64), [2, 0]),
        (np.array([-1, 0], np.int8), [2, 0]),
        (np.array(["gas", "oil"]), [1, 0]),
        (np.array(["gas", 0], object), [1, 0]),
        (pd.Index(["gas", "oil"]), [1, 0]),
        (pd.Series([1, 0]), [1, 0]),
        ((name for name in NAMES), [0, 1, 2]),
        ({"gas": 1.0}.keys(), None),
    ],
)
def test_names_and_numbers(which: Any, expected: list[int] | None) -> None:
    if expected is None:
        with pytest.raises(ArgumentTypeError, match="give a list"):
            variable_numbers(which, 3, NAMES)
        return
    found = variable_numbers(which, 3, NAMES)
    assert found.dtype == np.intp
    assert found.tolist() == expected


@pytest.mark.parametrize(
    ("which", "error", "words"),
    [
        ([], ArgumentError, "must not be empty"),
        (np.array([], int), ArgumentError, "must not be empty"),
        ("steam", ArgumentError, "no variable is called 'steam': there are 3 variables, 'oil', 'gas', 'coal'"),
        (3, ArgumentError, r"from 0 to 2, or from -3 to -1: which\[0\] is 3"),
        ([0, -4], ArgumentError, r"which\[1\] is -4"),
        ([0, 10**30], ArgumentError, r"which\[1\] is 10"),
        (np.array([2**64 - 1], np.uint64), ArgumentError, r"which\[0\] is 18446744073709551615"),
        ([1, "gas"], ArgumentError, r"each variable once: it holds variable 1 \(gas\) 2 times"),
        ([-1, 2], ArgumentError, "each variable once"),
        ([[0, 1]], ArgumentTypeError, "is neither"),
        (np.array([[0, 1]]), ArgumentError, "must be 1 dimensional"),
        ([0.0], ArgumentTypeError, "0.0 is neither"),
        (np.array([0.0, 1.0]), ArgumentTypeError, "0.0 is neither"),
        (np.array([1j]), ArgumentTypeError, "is neither"),
        ([True, False, True], ArgumentTypeError, "True is neither"),
        (np.array([True, False, True]), ArgumentTypeError, "not a mask"),
        (None, ArgumentTypeError, "None is neither"),
        ([None], ArgumentTypeError, "None is neither"),
        ({"gas", "oil"}, ArgumentTypeError, "give a list"),
        ({"gas": 1.0}, ArgumentTypeError, "give a list"),
        (slice(2), ArgumentTypeError, "is neither"),
    ],
)
def test_others_are_refused(which: Any, error: type[MvnDaskError], words: str) -> None:
    with pytest.raises(error, match=words):
        variable_numbers(which, 3, NAMES)


def test_variables_without_names_have_numbers_alone() -> None:
    with pytest.raises(ArgumentError, match="the variables have no names: give numbers instead of 'gas'"):
        variable_numbers("gas", 3, None)


def test_a_million_numbers_are_quick() -> None:
    assert variable_numbers(np.arange(10**6)[::-1], 10**6, None)[0] == 10**6 - 1


def test_numbers_of_each() -> None:
    assert numbers_of_each("values", 2, 1).tolist() == [2.0]
    assert numbers_of_each("values", [2, 3], 2).tolist() == [2.0, 3.0]
    wrong: list[Any] = [2.0, [1.0], [[1.0, 2.0]], [1.0, 2.0, 3.0], []]
    for value in wrong:
        with pytest.raises(ArgumentError, match=r"`values` must have the shape \(2,\)"):
            numbers_of_each("values", value, 2)
    for value in ([1.0, np.nan], [1.0, np.inf]):
        with pytest.raises(ArgumentError, match=r"`values` must be finite: values\[1\]"):
            numbers_of_each("values", value, 2)
    others: list[Any] = [["a", "b"], [1j, 2.0], None]
    for value in others:
        with pytest.raises(ArgumentTypeError):
            numbers_of_each("values", value, 2)


def test_noise() -> None:
    assert noise_variances(0.0, 2) is None
    assert noise_variances([0, 0], 2) is None
    found = noise_variances([1, 2], 2)
    assert found is not None
    assert found.tolist() == [1.0, 2.0]
    bad: list[tuple[Any, str]] = [
        (-1.0, r"must not be negative: noise\[0\] is -1"),
        ([1.0, -2.0], r"must not be negative: noise\[1\] is -2"),
        ([1.0, 0.0], r"positive for all: noise\[1\] is 0"),
        ([1.0], r"the shape \(2,\)"),
        (np.nan, "must be finite"),
        (np.inf, "must be finite"),
    ]
    for noise, words in bad:
        with pytest.raises(ArgumentError, match=words):
            noise_variances(noise, 2)


def test_points_of_a_grid() -> None:
    found = grid_numbers(np.array([[1, 2], [0, 0]]), (2, 3))
    assert found is not None
    assert found.tolist() == [5, 0]
    others: list[Any] = [3, [1, 2], [[0.0, 1.0]], "a", [[1, 2], [0]], np.zeros((1, 2, 2), int)]
    for which in others:
        assert grid_numbers(which, (2, 3)) is None
    for which, words in (
        ([[2, 0]], "must lie on the grid"),
        ([[0, -1]], r"which\[0\] is \[0, -1\]"),
        ([[0, 1, 0]], r"shape \(m, 2\), m at least 1: its shape is \(1, 3\)"),
        ([[0, 1], [0, 1]], "each variable once"),
    ):
        with pytest.raises(ArgumentError, match=words):
            grid_numbers(which, (2, 3))


@pytest.mark.parametrize(
    "index",
    [
        pd.date_range("2026-01-01", periods=3, tz="Europe/Berlin"),
        pd.period_range("2026-01", periods=3, freq="M"),
        pd.interval_range(0, 3),
        pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)]),
        pd.Index([0.5, 1.5, 2.5]),
        pd.Index([b"oil", b"gas", b"coal"]),
    ],
)
def test_labels_that_names_were_made_of_mean_the_same_variables(index: pd.Index) -> None:
    normal = mvn_dask.MultivariateNormal(pd.Series([0.0, 1.0, 2.0], index=index), 1.0)
    assert normal.marginal([index[2], index[0]]).mean.tolist() == [2.0, 0.0]
    assert variable_numbers(index, 3, normal.names).tolist() == [0, 1, 2]
    weights = pd.Series([1.0, 10.0], index=index[[1, 2]])
    rows = normal.sample(5, seed=1)
    combined = mvn_dask.combine(rows, weights).compute()
    np.testing.assert_array_equal(combined, mvn_dask.combine(rows, [0.0, 1.0, 10.0]).compute())
