from enum import StrEnum

import numpy as np
import pytest

from mvn_dask import checks
from mvn_dask._typing import FloatArray
from mvn_dask.errors import ArgumentError, ArgumentTypeError
from mvn_dask.readable import short_repr


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, ()),
        ((), ()),
        (3, (3,)),
        (0, (0,)),
        (np.int64(3), (3,)),
        (np.uint8(3), (3,)),
        (np.array(3), (3,)),
        ((2, 3), (2, 3)),
        ([2, 0], (2, 0)),
        (np.array([2, 3]), (2, 3)),
        (range(2, 4), (2, 3)),
    ],
)
def test_sizes(given: object, expected: tuple[int, ...]) -> None:
    assert checks.size(given) == expected


@pytest.mark.parametrize("given", [2.0, (2.0,), "3", b"3", True, np.bool_(True), (None,), {"a": 1}, np.array([1.5])])
def test_sizes_of_another_kind(given: object) -> None:
    with pytest.raises(ArgumentTypeError, match="`size` must be an integer or a tuple of them"):
        checks.size(given)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (1e6, "not 1000000.0: give 1000000"),
        (np.float32(3), "not np.float32(3.0): give 3"),
        (2.5, "not 2.5"),
        (np.nan, "not nan"),
        (np.inf, "not inf"),
        ("1e6", "not '1e6'"),
        ((3, 2.0), "not (3, 2.0)"),
    ],
)
def test_a_size_that_is_a_float_is_refused_with_the_way_out(given: object, text: str) -> None:
    with pytest.raises(ArgumentTypeError) as caught:
        checks.size(given)
    assert str(caught.value) == f"`size` must be an integer or a tuple of them, {text}"
    assert caught.value.__context__ is None  # a traceback shows one error


def test_a_count_that_is_a_whole_float_is_refused_with_the_integer() -> None:
    with pytest.raises(ArgumentTypeError, match=r"^`rows` must be an integer, not 1000.0: give 1000$"):
        checks.count("rows", 1e3)
    with pytest.raises(ArgumentTypeError, match=r"^`rows` must be an integer, not 2.5$"):
        checks.count("rows", 2.5)


@pytest.mark.parametrize(
    ("mean", "way_out"),
    [
        (np.zeros((1, 2)), "; numpy.ravel(mean) is a vector"),
        (np.zeros((2, 1)), "; numpy.ravel(mean) is a vector"),
        (np.zeros(()), "; give one number for each variable, in a list"),
        (np.zeros((2, 2)), ""),
    ],
)
def test_a_mean_of_another_shape(mean: FloatArray, way_out: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        checks.mean_vector(mean)
    assert str(caught.value) == f"mean must be 1 dimensional: the shape of `mean` is {mean.shape}{way_out}"


@pytest.mark.parametrize(
    ("cov", "way_out"),
    [
        (np.zeros(2), "; numpy.diag(cov) makes a matrix of variances"),
        (np.zeros((5, 2)), "; if these are data, numpy.cov(cov, rowvar=False) is the covariance of their columns"),
        (np.zeros((2, 5)), ""),
        (np.zeros(()), ""),
    ],
)
def test_a_covariance_of_another_shape(cov: FloatArray, way_out: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        checks.square(cov)
    assert str(caught.value) == f"cov must be 2 dimensional and square: the shape of `cov` is {cov.shape}{way_out}"


class Fuel(StrEnum):
    OIL = "oil"


def test_texts_are_plain() -> None:
    found = checks.texts("names", [np.str_("gas"), Fuel.OIL])
    assert repr(found) == "('gas', 'oil')"


@pytest.mark.parametrize("given", [-1, (2, -3), np.int8(-1)])
def test_negative_sizes(given: object) -> None:
    with pytest.raises(ArgumentError, match=r"^negative dimensions are not allowed"):
        checks.size(given)


@pytest.mark.parametrize("given", [2**63, (0, 2**63), (1, 10**5000)], ids=short_repr)
def test_sizes_that_no_axis_has(given: object) -> None:
    with pytest.raises(ArgumentError, match=r"`size` must be less than 2\*\*63 along every axis"):
        checks.size(given)
    assert checks.size(2**63 - 1) == (2**63 - 1,)


def test_sizes_of_more_axes_than_an_array_has() -> None:
    assert checks.size([1] * 63) == (1,) * 63
    with pytest.raises(ArgumentError, match="`size` must have at most 63 axes: it has 64"):
        checks.size([1] * 64)


@pytest.mark.parametrize("number", [10**5000, -(10**5000)], ids=short_repr)
def test_no_integer_is_too_long_for_an_error(number: int) -> None:
    for check in (checks.size, checks.tolerance, checks.dtype, checks.method, checks.check_valid):
        with pytest.raises((ArgumentError, ArgumentTypeError), match="an integer of 16610 bits"):
            check(number)
    with pytest.raises(ArgumentError, match="an integer of 16610 bits"):
        checks.count("n", -abs(number))
    for value in (number, [number], ["a", number]):
        with pytest.raises(ArgumentTypeError, match="an integer of 16610 bits"):
            checks.texts("names", value)


@pytest.mark.parametrize("given", [-1, np.nan, np.inf, "-2", 10**400])
def test_tolerances(given: object) -> None:
    with pytest.raises(ArgumentError, match="`tol`"):
        checks.tolerance(given)
    assert checks.tolerance(np.float32(0)) == 0


@pytest.mark.parametrize("given", [None, "x", [1]])
def test_tolerances_of_another_kind(given: object) -> None:
    with pytest.raises(ArgumentTypeError, match="`tol`"):
        checks.tolerance(given)


@pytest.mark.parametrize("given", [int, "float16", np.complex128, "nonsense", object()])
def test_dtypes(given: object) -> None:
    with pytest.raises(ArgumentTypeError, match="`dtype` must be float64 or float32"):
        checks.dtype(given)
    assert checks.dtype("f4") == np.float32


def test_flags() -> None:
    found = [checks.flag("exact", given) for given in (True, False, np.bool_(True), np.bool_(False))]
    assert found == [True, False, True, False]
    assert all(type(each) is bool for each in found)
    for wrong in (1, 0, "yes", None, np.array([True])):
        with pytest.raises(ArgumentTypeError, match="`exact` must be True or False, not"):
            checks.flag("exact", wrong)
