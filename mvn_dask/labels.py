"""Labels of variables: which ones a mean and a covariance have, whether they agree, and the names that follow.

Input: array-likes, or the labels of files that a job reads. Output: names, or an `ArgumentError` where labels disagree.
Cost: O(d). Labels are a pandas index, the coordinates of xarray's dimensions, the columns of frames of polars and
pyarrow. All are compared as text, since the same labels are integers in one library and text in a file.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from mvn_dask import checks
from mvn_dask.array_likes import is_column_frame, is_instance
from mvn_dask.errors import ArgumentError
from mvn_dask.readable import plural, short_repr

_NUMBERED = re.compile(r"(?:column_)?([0-9]{1,18})(?:\.0+)?")
"""The labels that libraries make up, 0, 1, … of pandas and column_0, … of polars, and what they become as floats."""


@dataclass(frozen=True)
class Axis:
    """The labels along one axis of an array."""

    where: str
    """Where they stand, as errors name it."""
    labels: tuple[str, ...]
    """The labels as text, one for each variable."""
    chosen: bool = False
    """Whether a user gave them as names, so that 0, 1, … are names too."""

    @classmethod
    def of(cls, where: str, labels: Iterable[object]) -> "Axis":
        """An axis whose labels may be of any type. Raises ArgumentError for one that is missing."""
        given = list(labels)
        for number, label in enumerate(given):
            if _is_missing(label):
                raise ArgumentError(f"{where} must name every variable: its label {number} is {label}, a missing value")
        return cls(where, tuple(map(label_text, given)))

    @property
    def is_default(self) -> bool:
        """Whether a library made the labels up: 0, 1, … and column_0, column_1, …."""
        return not self.chosen and any(
            all(label == f"{prefix}{number}" for number, label in enumerate(self.labels)) for prefix in ("", "column_")
        )

    @property
    def is_reordered(self) -> bool:
        """Whether the labels are those that a library makes up, in another order."""
        numbers: list[int] = []
        for label in self.labels:
            match = _NUMBERED.fullmatch(label)
            if match is None:
                return False
            numbers.append(int(match[1]))
        order = list(range(len(self.labels)))
        return numbers != order and sorted(numbers) == order


def agreed_names(axes: Iterable[Axis]) -> tuple[str, ...] | None:
    """Names of the variables from the labels along all axes of mean and covariance, which must agree in their order.

    Default labels are no names, and are not compared, unless others are the same numbers in another order: then they
    say that the order of the variables differs.

    Raises
    ------
    ArgumentError
        If labels disagree, or if names are empty, not distinct, or not to be encoded.

    Examples
    --------
    >>> mean, cov = Axis("mean", ("0", "1")), Axis("cov", ("b", "a"))
    >>> agreed_names([mean, cov])
    ('b', 'a')
    >>> agreed_names([mean, Axis("cov", ("1", "0"))])
    Traceback (most recent call last):
    mvn_dask.errors.ArgumentError: mean and cov must agree: variable 0 is '0' in one and '1' in the other (the same
    labels in another order)
    """
    given = list(axes)
    named = [axis for axis in given if not axis.is_default]
    if any(axis.is_reordered for axis in named):
        named = given
    for one, other in pairwise(named):
        if one.labels != other.labels:
            raise ArgumentError(
                f"{one.where} and {other.where} must agree: {label_difference(one.labels, other.labels)}"
            )
    return checks.variable_names(named[0].labels) if named else None


def axes_of(name: str, value: Any) -> list[Axis]:
    """The labels of an array-like, along each axis that has any; `name` is the argument's in errors.

    Examples
    --------
    >>> import pandas as pd
    >>> axes_of("mean", pd.Series([0.5, 2.0], index=["oil", "gas"]))
    [Axis(where='the index of `mean`', labels=('oil', 'gas'), chosen=False)]
    >>> axes_of("mean", [0.5, 2.0])
    []
    """
    return [Axis.of(where, labels) for where, labels in _axes(name, value)]


def row_axes_of(name: str, value: Any) -> list[Axis]:
    """The labels of a matrix along its first axis, where its rows are variables and its columns are something else.

    Examples
    --------
    >>> import pandas as pd
    >>> row_axes_of("loadings", pd.DataFrame([[0.5], [2.0]], index=["oil", "gas"], columns=["market"]))
    [Axis(where='the index of `loadings`', labels=('oil', 'gas'), chosen=False)]
    """
    # Of a DataArray, the first dimension may have no coordinates, and another some. Frames of polars and pyarrow have
    # labels of columns alone.
    first = [repr(dim) for dim in value.dims[:1]] if is_instance(value, "xarray", "DataArray") else []
    wheres = {f"the coordinate {dim} of `{name}`" for dim in first} or {f"the index of `{name}`"}
    return [axis for axis in axes_of(name, value) if axis.where in wheres]


def has_labels(value: Any) -> bool:
    """Whether an array-like has labels along an axis."""
    return next(_axes("", value), None) is not None


def given_names(given: object, ndim: int, where: str = "`names`") -> list[Axis]:
    """The argument `names` as an axis, or none where it is None."""
    if given is None:
        return []
    found = checks.texts("names", given)
    if len(found) != ndim:
        raise ArgumentError(f"`names` must name every variable: there are {ndim}, and {plural(len(found), 'name')}")
    return [Axis(where, found, chosen=True)]


def _axes(name: str, value: Any) -> Iterator[tuple[str, Iterable[object]]]:
    """Where the labels along each axis stand, and what they are."""
    if is_instance(value, "xarray", "DataArray"):
        for dim in value.dims:
            if dim in value.coords:
                # As pandas gives them, so that dates have one spelling.
                yield f"the coordinate {dim!r} of `{name}`", value.coords[dim].to_index().tolist()
    elif is_column_frame(value):
        yield f"the columns of `{name}`", getattr(value, "column_names", None) or value.columns
    else:
        # pandas' own, and frames of other libraries that have its index. The index of a list is a method.
        for axis in ("columns", "index"):
            index: Any = getattr(value, axis, None)
            if is_instance(index, "pandas", "Index"):
                # As a list, since pandas takes microseconds for each text of Arrow that it is asked for alone.
                yield f"the {axis} of `{name}`", index.tolist()


def _is_missing(label: object) -> bool:
    # Of pandas, NA is not to be compared; of all others, what is no number or time differs from itself.
    return label is None or type(label).__name__ in {"NAType", "NaTType"} or bool(label != label)  # noqa: PLR0124


def label_text(label: object) -> str:
    """A label of any type as text; one of several levels in the way of a tuple, whatever types the levels have."""
    if isinstance(label, tuple):
        texts = [repr(each) if isinstance(each, str) else label_text(each) for each in label]
        return f"({texts[0]},)" if len(texts) == 1 else f"({', '.join(texts)})"
    # As numpy and Zarr hold texts of ASCII.
    return label.decode(errors="backslashreplace") if isinstance(label, bytes) else str(label)


def label_difference(one: Sequence[str], other: Sequence[str], what: str = "variable") -> str:
    """The first difference between two lists of labels that are not equal."""
    if len(one) != len(other):
        return f"there are {plural(len(one), 'label')} in one and {len(other)} in the other"
    number = next(number for number, pair in enumerate(zip(one, other, strict=True)) if pair[0] != pair[1])
    seen = [short_repr(labels[number]) for labels in (one, other)]
    same = " (the same labels in another order)" if sorted(one) == sorted(other) else ""
    return f"{what} {number} is {seen[0]} in one and {seen[1]} in the other{same}"
