"""The rules for arguments, one function each.

Input: an argument as the user gave it. Output: the value in the type that the package works with; an `ArgumentError` or
`ArgumentTypeError` where a rule is broken. Cost: at most one pass over an array. Where numpy has a message for a
broken rule, ours begins with it, and adds the value that was seen.
"""

import math
import operator
import sys
from collections.abc import Iterable, KeysView, Mapping, Set
from contextlib import suppress
from pathlib import Path
from traceback import walk_stack
from typing import Any, Literal, cast, get_args

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import FloatArray
from mvn_dask.advice import Advice
from mvn_dask.errors import ArgumentError, ArgumentTypeError
from mvn_dask.readable import short_repr

NumpyMethod = Literal["eigh", "svd", "cholesky"]
Method = Literal["auto", NumpyMethod]
CheckValid = Literal["warn", "raise", "ignore"]
MAX_AXES = 64
"""Axes of an array, at most, which are numpy's; the last one of a sample is that of the variables."""
MAX_LENGTH = 2**63 - 1
"""Length of an axis, at most."""
_PACKAGE = Path(__file__).parent


def numpy_method(value: object) -> NumpyMethod:
    """Name of one of numpy's factorisations."""
    return cast(NumpyMethod, _method(value, get_args(NumpyMethod)))


def method(value: object) -> Method:
    """Name of a factorisation."""
    return cast(Method, _method(value, get_args(Method)))


def _method(value: object, known: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in known:
        raise ArgumentError(f"method must be one of {{{', '.join(map(repr, known))}}}: `method` is {short_repr(value)}")
    return value


def check_valid(value: object) -> CheckValid:
    """What to do with a covariance that is not positive semidefinite."""
    if not isinstance(value, str) or value not in get_args(CheckValid):
        raise ArgumentError(
            f"check_valid must equal 'warn', 'raise', or 'ignore': `check_valid` is {short_repr(value)}"
        )
    return cast(CheckValid, value)


def tolerance(value: object) -> float:
    """Tolerance of the check of a covariance: a real number, not negative."""
    rule = "finite and not negative"
    number = real_number("tol", value, rule)
    if not number >= 0 or math.isinf(number):
        raise ArgumentError(f"`tol` must be {rule}: it is {short_repr(value)}")
    return number


def real_number(name: str, value: object, rule: str) -> float:
    """An argument as a float; one that is too large is not what the `rule` says that it must be."""
    try:
        return float(cast(float, value))
    except OverflowError as error:
        raise ArgumentError(f"`{name}` must be {rule}: it is {short_repr(value)}") from error
    except (TypeError, ValueError) as error:
        raise ArgumentTypeError(f"`{name}` must be a real number, not {short_repr(value)}") from error


def share(name: str, value: object) -> float:
    """A number greater than 0 and less than 1, such as a probability."""
    rule = "greater than 0 and less than 1"
    number = real_number(name, value, rule)
    # NaN is neither.
    if not 0.0 < number < 1.0:
        raise ArgumentError(f"`{name}` must be {rule}: it is {short_repr(number)}")
    return number


def levels(name: str, value: object) -> float | tuple[float, ...]:
    """A number, or several in a sequence, each greater than 0 and less than 1."""
    if isinstance(value, (str, bytes)):
        raise ArgumentTypeError(f"`{name}` must be a real number, or several, not {short_repr(value)}")
    several = isinstance(value, Iterable) and np.ndim(cast(Any, value)) > 0
    found = [share(name, each) for each in (cast(Iterable[object], value) if several else [value])]
    if not found:
        raise ArgumentError(f"`{name}` must be a number, or several: it is empty, {short_repr(value)}")
    return tuple(found) if several else found[0]


def dtype(value: object) -> np.dtype[np.floating[Any]]:
    """Type of the samples: float64 or float32."""
    try:
        given = np.dtype(cast(npt.DTypeLike, value))
    except (TypeError, ValueError) as error:
        raise ArgumentTypeError(f"`dtype` must be float64 or float32, not {short_repr(value)}") from error
    if given not in (np.dtype(np.float64), np.dtype(np.float32)):
        raise ArgumentTypeError(f"`dtype` must be float64 or float32, not {given}")
    return cast(np.dtype[np.floating[Any]], given)


def size(value: object, name: str = "size") -> tuple[int, ...]:
    """Shape of the samples, without the axes of a draw; `None` is one sample, shape ()."""
    if value is None:
        return ()
    lengths = _integers(value)
    if lengths is None:
        raise ArgumentTypeError(f"`{name}` must be an integer or a tuple of them, not {no_integer(value)}")
    if any(length < 0 for length in lengths):
        raise ArgumentError(f"negative dimensions are not allowed: `{name}` is {short_repr(value)}")
    if any(length > MAX_LENGTH for length in lengths):
        raise ArgumentError(f"`{name}` must be less than 2**63 along every axis: it is {short_repr(value)}")
    if len(lengths) >= MAX_AXES:
        raise ArgumentError(f"`{name}` must have at most {MAX_AXES - 1} axes: it has {len(lengths)}")
    return tuple(lengths)


def _integers(value: object) -> list[int] | None:
    """One integer, or those of an iterable; None for anything else."""
    if isinstance(value, (bool, np.bool_, str, bytes)):
        return None
    with suppress(TypeError):
        return [operator.index(cast(Any, value))]
    with suppress(TypeError):
        return [operator.index(length) for length in cast(Iterable[Any], value)]
    return None


def no_integer(value: object) -> str:
    """A value that is no integer, for an error: of a whole number, such as 1e6, with the integer to give.

    >>> no_integer(1e6), no_integer(2.5)
    ('1000000.0: give 1000000', '2.5')
    """
    is_whole = isinstance(value, (float, np.floating)) and float(value).is_integer()
    return short_repr(value) + (f": give {short_repr(int(cast(float, value)))}" if is_whole else "")


def count(name: str, value: object, *, least: int = 0) -> int:
    """A count: an integer, not less than the least."""
    try:
        number = operator.index(cast(Any, value))
    except TypeError as error:
        raise ArgumentTypeError(f"`{name}` must be an integer, not {no_integer(value)}") from error
    if number < 0:
        raise ArgumentError(f"`{name}` must not be negative: it is {short_repr(number)}")
    if number < least:
        raise ArgumentError(f"`{name}` must be at least {least}: it is {number}")
    return number


def flag(name: str, value: object) -> bool:
    """True or False, Python's or numpy's."""
    if not isinstance(value, (bool, np.bool_)):
        raise ArgumentTypeError(f"`{name}` must be True or False, not {short_repr(value)}")
    return bool(value)


def finite(name: str, array: FloatArray) -> None:
    """No NaN and no infinity."""
    is_finite = np.isfinite(array)
    if not is_finite.all():
        index = tuple(np.argwhere(~is_finite)[0].tolist())
        cure = "; fill a missing value, or leave its variable out" if np.isnan(array[index]) else ""
        raise ArgumentError(f"`{name}` must be finite: {name}{list(index)} is {array[index]}{cure}")


def mean_vector(mean: FloatArray) -> None:
    """A mean of shape (d,), d at least 1."""
    if mean.ndim != 1:
        way_out = "; give one number for each variable, in a list" if mean.ndim == 0 else ""
        if mean.ndim == 2 and 1 in mean.shape:
            way_out = "; numpy.ravel(mean) is a vector"
        raise ArgumentError(f"mean must be 1 dimensional: the shape of `mean` is {mean.shape}{way_out}")
    if mean.shape[0] == 0:
        raise ArgumentError("`mean` must not be empty")


def square(cov: FloatArray) -> None:
    """A covariance of shape (d, d)."""
    if cov.ndim != 2 or cov.shape[0] != cov.shape[1]:
        way_out = "; numpy.diag(cov) makes a matrix of variances" if cov.ndim == 1 else ""
        if cov.ndim == 2 and cov.shape[0] > cov.shape[1]:
            way_out = "; if these are data, numpy.cov(cov, rowvar=False) is the covariance of their columns"
        raise ArgumentError(f"cov must be 2 dimensional and square: the shape of `cov` is {cov.shape}{way_out}")


def same_length(mean: FloatArray, ndim: int) -> None:
    """A mean and a covariance of one dimension."""
    if mean.size != ndim:
        raise ArgumentError(f"mean and cov must have same length: `mean` has {mean.size}, `cov` has {ndim}")


def not_too_small(name: str, variances: FloatArray, dtype: np.dtype[np.floating[Any]]) -> None:
    """Standard deviations that are zero or normal numbers of the samples' dtype."""
    deviations = np.sqrt(np.abs(variances))
    if np.any((deviations > 0) & (deviations < np.finfo(dtype).tiny)):
        raise ArgumentError(f"`{name}` is too small for {dtype}", advice=Advice("use {float64}, or other units"))


def variable_label(number: int, names: tuple[str, ...] | None) -> str:
    """A variable in an error: its number, and its name if it has one.

    >>> variable_label(1, ("oil", "gas")), variable_label(1, None)
    ('variable 1 (gas)', 'variable 1')
    """
    return f"variable {number}" if names is None else f"variable {number} ({names[number]})"


def texts(argument: str, value: object) -> tuple[str, ...]:
    """A sequence of texts that is not itself a text."""
    way_out = ""
    if isinstance(value, Mapping):
        way_out = ", whose values would be lost: give a list"
    elif isinstance(value, Set) and not isinstance(value, KeysView):
        # In another order from one process to the next; the keys of a mapping have one.
        way_out = ", which has no order: give a list"
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable) or way_out:
        raise ArgumentTypeError(f"`{argument}` must be a sequence of text, not {short_repr(value)}{way_out}")
    found = tuple(value)
    for text in found:
        if not isinstance(text, str):
            raise ArgumentTypeError(f"`{argument}` must be a sequence of text, and {short_repr(text)} is none")
    # Plain ones, in place of numpy's, whose `repr` is another; `str` of a member of an enumeration would be its name.
    return tuple(map(str.__str__, found))


def variable_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names of variables: distinct, not empty, and text that UTF-8, in which they are written, can hold."""
    distinct_texts(
        "names of variables",
        names,
        empty="must not be empty: that of variable {0} is",
        twice="must differ: variables {0} and {1} are both {2}",
    )
    return names


def distinct_texts(what: str, texts: tuple[str, ...], *, empty: str, twice: str) -> None:
    """Distinct texts, not empty, that UTF-8 can hold.

    `empty` and `twice` say what is wrong otherwise, with the place of the text, or both places and the text.
    """
    # Looked at one by one only where one is bad: there may be a million.
    if len(set(texts)) < len(texts) or "" in texts:
        first: dict[str, int] = {}
        for place, text in enumerate(texts):
            if not text:
                raise ArgumentError(f"{what} {empty.format(place)}")
            if (other := first.setdefault(text, place)) != place:
                raise ArgumentError(f"{what} {twice.format(other, place, short_repr(text))}")
    try:
        "".join(texts).encode()
    except UnicodeEncodeError as error:
        raise ArgumentError(f"{what} must be text that UTF-8 can hold: {error}") from error


def not_too_coarse(
    mean: FloatArray, variances: FloatArray, dtype: np.dtype[np.floating[Any]], names: tuple[str, ...] | None
) -> None:
    """Standard deviations of which the samples' dtype resolves a sixteenth beside the mean."""
    # What overflows is refused by name elsewhere.
    with np.errstate(over="ignore", invalid="ignore"):
        spacing = np.spacing(np.abs(mean.astype(dtype))).astype(np.float64)
        coarse = (variances > 0) & (spacing > np.sqrt(np.maximum(variances, 0.0)) / 16)
    if coarse.any():
        i = int(coarse.argmax())
        raise ArgumentError(
            f"{dtype} is too coarse for {variable_label(i, names)}: near its mean {mean[i]:.6g} numbers are "
            f"{spacing[i]:.3g} apart, and its standard deviation is {np.sqrt(variances[i]):.3g}.",
            advice=Advice("Use {float64}, or subtract the mean"),
        )


def not_too_large(name: str, array: FloatArray) -> None:
    """Numbers that stay finite in the dtype of the samples, to which they were cast."""
    if not np.isfinite(array).all():
        raise ArgumentError(f"`{name}` is too large for {array.dtype}", advice=Advice("use {float64}"))


def caller_level() -> int:
    """The ``stacklevel`` with which a warning in our caller points at the user's own line."""
    # The frame above the outermost one of this package. The first one outside may be functools or another library
    # that was called from here and calls back.
    files = [frame.f_code.co_filename for frame, _ in walk_stack(sys._getframe(1))]
    return 1 + max((level for level, file in enumerate(files, 1) if Path(file).is_relative_to(_PACKAGE)), default=1)
