"""The rules for arguments, one function each, with numpy's texts first.

Where numpy has a text for a broken rule, ours begins with it, and adds the value that was seen.
"""

import math
import operator
import sys
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, cast, get_args

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import FloatArray
from mvn_dask.errors import ArgumentError, ArgumentTypeError

Method = Literal["eigh", "svd", "cholesky"]
CheckValid = Literal["warn", "raise", "ignore"]
_PACKAGE = Path(__file__).parent


def method(value: object) -> Method:
    """Name of a factorisation."""
    if not isinstance(value, str) or value not in get_args(Method):
        msg = f"method must be one of {{'eigh', 'svd', 'cholesky'}}: `method` is {value!r}"
        raise ArgumentError(msg)
    return cast(Method, value)


def check_valid(value: object) -> CheckValid:
    """What to do with a covariance that is not positive semidefinite."""
    if not isinstance(value, str) or value not in get_args(CheckValid):
        msg = f"check_valid must equal 'warn', 'raise', or 'ignore': `check_valid` is {value!r}"
        raise ArgumentError(msg)
    return cast(CheckValid, value)


def tolerance(value: object) -> float:
    """Tolerance of the check of a covariance: a real number, not negative."""
    try:
        number = float(cast(float, value))
    except (TypeError, ValueError) as error:
        raise ArgumentTypeError(f"`tol` must be a real number, not {value!r}") from error
    if not number >= 0 or math.isinf(number):
        raise ArgumentError(f"`tol` must be finite and not negative: it is {value!r}")
    return number


def dtype(value: object) -> np.dtype[np.floating[Any]]:
    """Type of the samples: float64 or float32."""
    try:
        given = np.dtype(cast(npt.DTypeLike, value))
    except TypeError as error:
        raise ArgumentTypeError(f"`dtype` must be float64 or float32, not {value!r}") from error
    if given not in (np.dtype(np.float64), np.dtype(np.float32)):
        raise ArgumentTypeError(f"`dtype` must be float64 or float32, not {given}")
    return cast(np.dtype[np.floating[Any]], given)


def size(value: object) -> tuple[int, ...]:
    """Shape of the samples, without the axis of the variables; `None` is one sample, shape ()."""
    if value is None:
        return ()
    if isinstance(value, (bool, np.bool_, str, bytes)):
        raise ArgumentTypeError(f"`size` must be an integer or a tuple of them, not {value!r}")
    try:
        lengths = [operator.index(cast(Any, value))]
    except TypeError:
        lengths = _lengths(value)
    if any(length < 0 for length in lengths):
        raise ArgumentError(f"negative dimensions are not allowed: `size` is {value!r}")
    return tuple(lengths)


def count(name: str, value: object) -> int:
    """A number of things: an integer, not negative."""
    try:
        number = operator.index(cast(Any, value))
    except TypeError as error:
        raise ArgumentTypeError(f"`{name}` must be an integer, not {value!r}") from error
    if number < 0:
        raise ArgumentError(f"`{name}` must not be negative: it is {number}")
    return number


def _lengths(value: object) -> list[int]:
    try:
        return [operator.index(length) for length in cast(Iterable[Any], value)]
    except TypeError as error:
        msg = f"`size` must be an integer or a tuple of them, not {value!r}: {error}"
        raise ArgumentTypeError(msg) from error


def real_array(name: str, value: object) -> FloatArray:
    """The numbers of an array-like, as float64 (numpy's rule for every input type); no copy if it is that."""
    if np.ma.is_masked(value):
        raise ArgumentError(f"`{name}` must have no masked entries")
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ArgumentError(f"`{name}` is not an array: {error}") from error
    if array.dtype.kind == "c":
        msg = f"mean and cov must not be complex: the dtype of `{name}` is {array.dtype}"
        raise ArgumentTypeError(msg)
    if array.dtype.kind not in "biuf":
        msg = f"`{name}` must hold real numbers: its dtype is {array.dtype}"
        raise ArgumentTypeError(msg)
    return np.asarray(array, dtype=np.float64)


def finite(name: str, array: FloatArray) -> None:
    """No NaN and no infinity."""
    good = np.isfinite(array)
    if not good.all():
        where = tuple(int(i) for i in np.argwhere(~good)[0])
        msg = f"`{name}` must be finite: {name}[{', '.join(map(str, where))}] is {array[where]}"
        raise ArgumentError(msg)


def mean_vector(mean: FloatArray) -> None:
    """A mean of shape (d,), d at least 1."""
    if mean.ndim != 1:
        raise ArgumentError(f"mean must be 1 dimensional: the shape of `mean` is {mean.shape}")
    if mean.shape[0] == 0:
        raise ArgumentError("`mean` must not be empty")


def square(cov: FloatArray) -> None:
    """A covariance of shape (d, d)."""
    if cov.ndim != 2 or cov.shape[0] != cov.shape[1]:
        msg = f"cov must be 2 dimensional and square: the shape of `cov` is {cov.shape}"
        raise ArgumentError(msg)


def same_length(mean: FloatArray, ndim: int) -> None:
    """A mean and a covariance of one dimension."""
    if mean.shape[0] != ndim:
        msg = f"mean and cov must have same length: `mean` has {mean.shape[0]}, `cov` has {ndim}"
        raise ArgumentError(msg)


def not_too_small(name: str, variances: FloatArray, dtype: np.dtype[np.floating[Any]]) -> None:
    """Standard deviations that the dtype of the samples can tell from zero."""
    deviations = np.sqrt(np.abs(variances))
    if np.any((deviations > 0) & (deviations < np.finfo(dtype).tiny)):
        raise ArgumentError(f"`{name}` is too small for {dtype}: use dtype=np.float64, or other units")


def not_too_large(name: str, array: FloatArray) -> None:
    """Finite still after a cast to the dtype of the samples."""
    if not np.isfinite(array).all():
        raise ArgumentError(f"`{name}` is too large for {array.dtype}: use dtype=np.float64")


def names(mean: object, cov: object) -> tuple[str, ...] | None:
    """Names of the variables, where a pandas Series or DataFrame brings them.

    Labels that merely count (0, 1, …) are no names. All that are given must agree, in this order.
    """
    given = {
        "the index of `mean`": _labels(getattr(mean, "index", None)),
        "the columns of `cov`": _labels(getattr(cov, "columns", None)),
        "the index of `cov`": _labels(getattr(cov, "index", None)),
    }
    counting = [list(range(len(labels))) for labels in given.values() if labels is not None]
    # Counting labels are compared where others are the same numbers in another order.
    told = [labels for labels in given.values() if labels is not None and labels not in counting]
    shuffled = any(set(labels) == set(range(len(labels))) for labels in told)
    named = [
        (place, [str(label) for label in labels])
        for place, labels in given.items()
        if labels is not None and (shuffled or labels not in counting)
    ]
    for (place, labels), (other, others) in pairwise(named):
        if labels != others:
            pairs = zip(labels, others, strict=False)
            first = next((pair for pair in pairs if pair[0] != pair[1]), (labels, others))
            msg = f"{place} and {other} must agree: {first[0]!r} is not {first[1]!r}"
            raise ArgumentError(msg)
    return _text(named[0][1]) if named else None


def given_names(given: object, ndim: int, own: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """Names of the variables that are given as such; `own` are those that mean and covariance bring."""
    if given is None:
        return own
    if isinstance(given, (str, bytes)) or not isinstance(given, Iterable):
        raise ArgumentTypeError(f"`names` must be a sequence of text, not {given!r}")
    labels = list(given)
    if not all(isinstance(label, str) for label in labels):
        wrong = next(label for label in labels if not isinstance(label, str))
        raise ArgumentTypeError(f"`names` must be a sequence of text, and {wrong!r} is none")
    if len(labels) != ndim:
        raise ArgumentError(f"`names` must name every variable: there are {ndim}, and {len(labels)} names")
    if own is not None and list(own) != labels:
        first = next(pair for pair in zip(labels, own, strict=True) if pair[0] != pair[1])
        raise ArgumentError(f"`names` and the labels of `mean` and `cov` must agree: {first[0]!r} is not {first[1]!r}")
    return _text(labels)


def _labels(index: Any) -> list[Any] | None:
    # A list and a tuple have a method `index`, an array has none: only pandas brings labels.
    if index is None or callable(index) or not isinstance(index, Iterable):
        return None
    return [int(label) if isinstance(label, (int, np.integer)) else str(label) for label in index]


def _text(labels: list[str]) -> tuple[str, ...]:
    try:
        "".join(labels).encode()
    except UnicodeEncodeError as error:
        raise ArgumentError(f"names of variables must be text that UTF-8 can hold: {error}") from error
    return tuple(labels)


def caller_level() -> int:
    """The ``stacklevel`` with which a warning in our caller points at the user's own line."""
    # Not the first frame outside the package: functools and others may stand in between.
    level, outside, frame = 1, 2, sys._getframe(1)
    while frame.f_back is not None:
        level, frame = level + 1, frame.f_back
        if Path(frame.f_code.co_filename).is_relative_to(_PACKAGE):
            outside = level + 1
    return outside
