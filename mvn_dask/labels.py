"""Names of variables, from the labels of mean and covariance.

Input: array-likes. Output: names, or an `ArgumentError` where labels disagree. Cost: O(d). Labels are a pandas index,
the coordinates of xarray's dimensions, the columns of frames of polars and pyarrow.
"""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from mvn_dask.array_likes import is_column_frame, is_instance
from mvn_dask.errors import ArgumentError, ArgumentTypeError
from mvn_dask.readable import plural

Labels = list[int | str]
"""Labels of an axis: integers, and anything else as text."""


def names(mean: object, cov: object, of_cov: tuple[str, ...] | None = None) -> tuple[str, ...] | None:
    """Names of the variables, from the labels of mean and covariance, and the names that the latter has already.

    All labels must agree, in their order. Default labels (0, 1, … and polars' column_0, column_1, …) are no names, and
    are not compared unless others are the same numbers in another order: then they say that the order of the variables
    differs.

    Examples
    --------
    >>> import pandas as pd
    >>> cov = pd.DataFrame([[2, 1], [1, 2]], index=["a", "b"], columns=["a", "b"])
    >>> names([0, 0], cov), names(pd.Series([0, 0]), cov)
    (('a', 'b'), ('a', 'b'))
    >>> reversed_cov = pd.DataFrame([[2, 1], [1, 2]], index=[1, 0], columns=[1, 0])
    >>> names([0, 0], reversed_cov)
    ('1', '0')
    >>> names(pd.Series([0, 0]), reversed_cov)
    Traceback (most recent call last):
    mvn_dask.errors.ArgumentError: the index of `mean` and the columns of `cov` must agree: '0' is not '1'
    """
    given = [*_axes("mean", mean), *_axes("cov", cov)]
    given += [("the names of `cov`", list(of_cov))] if of_cov is not None else []
    named = [(source, labels) for source, labels in given if labels != list(range(len(labels)))]
    if any(set(labels) == set(range(len(labels))) for _, labels in named):
        named = given
    texts = [(source, [str(label) for label in labels]) for source, labels in named]
    for (source, labels), (other, others) in pairwise(texts):
        _agree(f"{source} and {other}", labels, others)
    return _encodable(texts[0][1]) if texts else None


def given_names(given: object, ndim: int, from_labels: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """Names of the variables from the argument `names`; `from_labels` are those of mean and covariance."""
    if given is None:
        return from_labels
    if isinstance(given, (str, bytes)) or not isinstance(given, Iterable):
        raise ArgumentTypeError(f"`names` must be a sequence of text, not {given!r}")
    labels = list(given)
    for label in labels:
        if not isinstance(label, str):
            raise ArgumentTypeError(f"`names` must be a sequence of text, and {label!r} is none")
    if len(labels) != ndim:
        raise ArgumentError(f"`names` must name every variable: there are {ndim}, and {plural(len(labels), 'name')}")
    if from_labels is not None:
        _agree("`names` and the labels of `mean` and `cov`", labels, list(from_labels))
    return _encodable(labels)


def _axes(name: str, value: Any) -> Iterator[tuple[str, Labels]]:
    """The labels of each axis that has any, and where they stand."""
    if is_instance(value, "xarray", "DataArray"):
        for dim in value.dims:
            if dim in value.coords:
                # As pandas gives them, so that dates have one spelling.
                yield f"the coordinate {dim!r} of `{name}`", _labels(value.coords[dim].to_index())
    elif is_column_frame(value):
        columns = [str(column) for column in getattr(value, "column_names", None) or value.columns]
        if columns != [f"column_{number}" for number in range(len(columns))]:
            yield f"the columns of `{name}`", list(columns)
    else:
        # pandas' own, and frames of other libraries that have its index. The index of a list is a method.
        for axis in ("columns", "index"):
            index: Any = getattr(value, axis, None)
            if is_instance(index, "pandas", "Index"):
                yield f"the {axis} of `{name}`", _labels(index)


def _labels(index: Iterable[Any]) -> Labels:
    # True is an integer to Python, and a name to users.
    numbers = (int, np.integer)
    return [int(label) if isinstance(label, numbers) and not isinstance(label, bool) else str(label) for label in index]


def _agree(sources: str, labels: list[str], others: list[str]) -> None:
    """Labels that are equal; the error shows the first that differ, or all where one list begins with the other."""
    if labels != others:
        pairs = zip(labels, others, strict=False)
        one, two = next((pair for pair in pairs if pair[0] != pair[1]), (labels, others))
        raise ArgumentError(f"{sources} must agree: {one!r} is not {two!r}")


def _encodable(labels: list[str]) -> tuple[str, ...]:
    # Names are written to files of UTF-8, which has no lone surrogates.
    try:
        "".join(labels).encode()
    except UnicodeEncodeError as error:
        raise ArgumentError(f"names of variables must be text that UTF-8 can hold: {error}") from error
    return tuple(labels)
