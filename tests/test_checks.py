import numpy as np
import pandas as pd
import pytest

from mvn_dask import checks
from mvn_dask.errors import ArgumentError, ArgumentTypeError


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


@pytest.mark.parametrize("given", [-1, (2, -3), np.int8(-1)])
def test_negative_sizes(given: object) -> None:
    with pytest.raises(ArgumentError, match=r"^negative dimensions are not allowed"):
        checks.size(given)


@pytest.mark.parametrize("given", [-1, np.nan, np.inf, "-2"])
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


def test_labels_are_names_and_default_labels_are_not() -> None:
    cov = pd.DataFrame(np.eye(2), index=["a", "b"], columns=["a", "b"])
    assert checks.names([0, 0], cov) == ("a", "b")
    assert checks.names(pd.Series([0, 0], index=["a", "b"]), cov) == ("a", "b")
    assert checks.names(pd.Series([0, 0], index=["a", "b"]), np.eye(2)) == ("a", "b")
    assert checks.names(pd.Series([0, 0]), pd.DataFrame(np.eye(2))) is None
    assert checks.names([0, 0], np.eye(2)) is None


def test_numbers_in_another_order_disagree() -> None:
    cov = pd.DataFrame(np.eye(2), index=[1, 0], columns=[1, 0])
    with pytest.raises(ArgumentError, match="must agree: '0' is not '1'"):
        checks.names(pd.Series([0, 0], index=[0, 1]), cov)
    assert checks.names([0, 0], cov) == ("1", "0")
    years = pd.DataFrame(np.eye(2), index=[2001, 2002], columns=[2001, 2002])
    assert checks.names(pd.Series([0, 0]), years) == ("2001", "2002")


def test_labels_that_disagree() -> None:
    cov = pd.DataFrame(np.eye(2), index=["a", "b"], columns=["a", "b"])
    with pytest.raises(ArgumentError, match="the index of `mean` and the columns of `cov` must agree: 'b'"):
        checks.names(pd.Series([0, 0], index=["b", "a"]), cov)
    with pytest.raises(ArgumentError, match="the columns of `cov` and the index of `cov` must agree"):
        checks.names([0, 0], cov.iloc[::-1])


def test_names_that_are_given() -> None:
    assert checks.given_names(None, 2, None) is None
    assert checks.given_names(None, 2, ("a", "b")) == ("a", "b")
    assert checks.given_names(["a", "b"], 2, None) == ("a", "b")
    assert checks.given_names(iter(("öl", "π")), 2, ("öl", "π")) == ("öl", "π")


@pytest.mark.parametrize("given", ["ab", b"ab", 3, [1, 2], ["a", None]])
def test_given_names_of_another_kind(given: object) -> None:
    with pytest.raises(ArgumentTypeError, match="`names` must be a sequence of text"):
        checks.given_names(given, 2, None)


def test_given_names_that_do_not_fit() -> None:
    with pytest.raises(ArgumentError, match="`names` must name every variable: there are 2, and 1 names"):
        checks.given_names(["a"], 2, None)
    with pytest.raises(ArgumentError, match="`names` and the labels of `mean` and `cov` must agree: 'b' is not 'c'"):
        checks.given_names(["a", "b"], 2, ("a", "c"))
    with pytest.raises(ArgumentError, match="must be text that UTF-8 can hold"):
        checks.given_names(["a", "\ud800"], 2, None)
