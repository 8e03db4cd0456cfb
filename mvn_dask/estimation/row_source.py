"""The rows of an array, and how they are computed piece by piece.

Input: a dask array, or xarray's that holds one. Output: an array of blocks of whole rows, and labels of its columns.
Cost: a look at the graph; nothing is computed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import dask.array as da
import numpy as np

from mvn_dask.errors import ArgumentError, ArgumentTypeError
from mvn_dask.estimation.combination import combination_of
from mvn_dask.estimation.masked_numbers import refuse_masked
from mvn_dask.execution.blocks import refuse_query_planning
from mvn_dask.random.streams import stripe_height
from mvn_dask.readable import plural
from mvn_dask.real_numbers import refuse_other_numbers
from mvn_dask.sampling.array import sample
from mvn_dask.sampling.spec import SampleSpec, cut_spec
from mvn_dask.store.array_manifest import graph_sources
from mvn_dask.store.labelling import split_column_labels

LEAF_ROWS = 2048
"""Rows of a leaf, at most."""
PIECE_BYTES = 2**24
"""Bytes of the rows of a sample that are drawn at a time, about."""


@dataclass(frozen=True, eq=False)
class RowSource:
    """Rows of numbers, from row 0 of an array on, in C order of its other axes."""

    array: da.Array
    """The array; each block holds whole rows."""
    labels: tuple[str, ...] | None = None
    """Labels of the columns, where they have any."""
    given: da.Array | None = None
    """The array in the blocks that it was given in, where these are others."""
    arguments: tuple[tuple[str, int], ...] = ()
    """Names of the arguments whose columns lie side by side, and how many each has, where there are several."""

    @property
    def rows(self) -> int:
        """Rows of the array."""
        return int(self.array.shape[0])

    @property
    def columns(self) -> int:
        """Numbers of a row."""
        return int(prod(self.array.shape[1:]))

    @property
    def leaf_rows(self) -> int:
        """Rows of a leaf: they depend on the columns alone."""
        return leaf_rows(self.columns)


def leaf_rows(columns: int) -> int:
    """Rows of a leaf of an array of so many columns.

    >>> [leaf_rows(columns) for columns in (1, 30, 100, 10**6)]
    [2048, 2048, 512, 8]
    """
    return min(LEAF_ROWS, stripe_height(max(1, columns)))


def row_source(array: Any, name: str = "array") -> RowSource:
    """The rows of an array.

    Raises ArgumentTypeError if it is no dask array of real numbers; ArgumentError if it is one of masked numbers, has
    no axis of rows, or columns that are cut into chunks.
    """
    refuse_query_planning()
    given, labels = split_column_labels(array, name)
    if not isinstance(given, da.Array):
        raise ArgumentTypeError(
            f"`{name}` must be a dask array, not {type(given).__name__}: da.from_array(…, chunks=…) makes one"
        )
    refuse_other_numbers(name, given.dtype)
    refuse_masked(given._meta, name)
    if not given.ndim:
        raise ArgumentError(f"`{name}` must have an axis of rows: its shape is ()")
    if any(np.isnan(length) for length in given.shape):
        raise ArgumentError(f"`{name}` has unknown chunks: call its compute_chunk_sizes() first")
    if not prod(given.shape[1:]):
        raise ArgumentError(f"`{name}` must have a column: its shape is {given.shape}")
    pieces = _in_pieces(given)
    if any(blocks > 1 for blocks in pieces.numblocks[1:]):
        raise ArgumentError(
            f"`{name}` must not be cut along its columns: its blocks are {given.chunksize} of {given.shape}. "
            f"{name}.rechunk({{0: 'auto', {', '.join(f'{axis}: -1' for axis in range(1, given.ndim))}}}) makes blocks "
            "of whole rows"
        )
    return RowSource(pieces, labels, given)


def sample_in(array: da.Array) -> SampleSpec | None:
    """The spec of the sample that an array is, whatever its chunks; None for any other array."""
    specs: Iterator[SampleSpec] = (each for each in graph_sources(array) if isinstance(each, SampleSpec))
    return next((spec for spec in specs if spec.lineage.is_of(array.name)), None)


def comes_from_points(array: da.Array) -> bool:
    """Whether an array is computed from a sample of Sobol' points, whose rows are not independent."""
    specs = (each for each in graph_sources(array) if isinstance(each, SampleSpec))
    return any(spec.plan.points is not None for spec in specs)


def _in_pieces(array: da.Array) -> da.Array:
    """The same rows; of a sample, or combinations of one, in blocks of about `PIECE_BYTES`, whatever its chunks."""
    combined = combination_of(array)
    spec = sample_in(array) if combined is None else combined[1]
    if spec is None or not spec.plan.size or not array.shape[0]:
        return array
    row_bytes = prod(spec.plan.size[1:]) * spec.plan.ndim * spec.plan.itemsize
    rows = leaf_rows(prod(array.shape[1:]))
    # Powers of two, so that pieces begin where stripes and leaves do, of one axis of rows.
    while 2 * rows * row_bytes <= PIECE_BYTES:
        rows *= 2
    pieces = recut(spec, rows)
    return pieces if combined is None else combined[0].of_array(pieces)


def recut(spec: SampleSpec, rows: int) -> da.Array:
    """The lazy array of a sample, in blocks of so many rows along its first axis."""
    plan, lineage = spec.plan, spec.lineage
    whole = replace(plan, cuts=tuple(max(1, length) for length in plan.size))
    chunks = (rows, *plan.size[1:], *lineage.event.shape)
    return sample(cut_spec(lineage.values, whole, spec.broadcast, chunks, lineage.event))


def column_numbers(columns: object, source: RowSource) -> tuple[tuple[int, ...], bool]:
    """Numbers of the columns that are asked for, and whether it is one that is given by itself.

    Raises ArgumentError for a column that is not there.
    """
    if columns is None:
        return tuple(range(source.columns)), source.array.ndim == 1
    single = not isinstance(columns, Iterable) or isinstance(columns, str)
    found = []
    for each in columns if isinstance(columns, Iterable) and not single else [columns]:
        if isinstance(each, str):
            if source.labels is None or each not in source.labels:
                known = "none has a name" if source.labels is None else f"they are {_few(source.labels)}"
                raise ArgumentError(f"`columns` must name columns of the array, and {each!r} is none: {known}")
            found.append(source.labels.index(each))
        elif isinstance(each, (int, np.integer)) and not isinstance(each, bool):
            if not -source.columns <= each < source.columns:
                raise ArgumentError(
                    f"`columns` must be from 0 to {source.columns - 1}, as the array has "
                    f"{plural(source.columns, 'column')}: it holds {each}"
                )
            found.append(int(each) % source.columns)
        else:
            raise ArgumentTypeError(f"`columns` must be numbers or names of columns: it holds {each!r}")
    if not found:
        raise ArgumentError("`columns` must not be empty: None takes all")
    return tuple(found), single


def _few(labels: tuple[str, ...]) -> str:
    return ", ".join(map(repr, labels[:5])) + (f", … of {len(labels)}" if len(labels) > 5 else "")
