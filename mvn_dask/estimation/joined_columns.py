"""Arrays with the same rows, side by side, so that a task computes what they share once.

Input: dask arrays of the same rows in the same chunks. Output: one array of float64, shape (rows, columns of all), for
a copy of the rows; or one whose blocks are those of all arrays, without a copy.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt

from mvn_dask._typing import Float64Array
from mvn_dask.errors import ArgumentError
from mvn_dask.estimation.row_source import RowSource
from mvn_dask.readable import plural


@dataclass(frozen=True, eq=False)
class Beside:
    """The blocks of several arrays, of the same rows."""

    blocks: tuple[npt.NDArray[Any], ...]
    """One of each array."""


def _beside(*blocks: Any) -> Beside:
    return Beside(tuple(map(_alone, blocks)))


def _alone(block: Any) -> npt.NDArray[Any]:
    """The only block in the lists that dask makes of those along axes that the result does not have."""
    while isinstance(block, list):
        (block,) = block
    return np.asarray(block)


def _side_by_side(*blocks: npt.NDArray[np.generic]) -> Float64Array:
    return np.concatenate([np.asarray(block, np.float64).reshape(len(block), -1) for block in blocks], axis=1)


def joined_columns(source: RowSource, others: Sequence[tuple[str, RowSource]]) -> da.Array:
    """The columns of a source, then those of others, which have the names of the arguments that they are.

    Raises ArgumentError for other numbers of rows, or other chunks.
    """
    return _joined(_side_by_side, source, others, concatenate=True)


def joined_blocks(sources: Sequence[RowSource]) -> da.Array:
    """An array whose blocks are `Beside`: of `passes` alone, since they are no arrays.

    Raises ArgumentError for other numbers of rows, or other chunks.
    """
    first, *others = sources
    # Not concatenated, which copies a block even where it is alone.
    return _joined(_beside, first, [("array", each) for each in others], concatenate=False)


def _joined(
    join: Callable[..., Any], source: RowSource, others: Sequence[tuple[str, RowSource]], *, concatenate: bool
) -> da.Array:
    # Samples come in pieces of their own, which arrays that are derived from them do not have.
    in_pieces = all(other.array.chunks[0] == source.array.chunks[0] for _, other in others)
    arrays = [
        each.array if in_pieces or each.given is None else each.given for each in (source, *(o for _, o in others))
    ]
    for (name, other), array in zip(others, arrays[1:], strict=True):
        if other.rows != source.rows:
            raise ArgumentError(
                f"`{name}` must have the rows of the array: it has {plural(other.rows, 'row')}, and the array "
                f"{plural(source.rows, 'row')}"
            )
        if array.chunks[0] != arrays[0].chunks[0]:
            heights = [plural(int(each.chunksize[0]), "row") for each in (array, arrays[0])]
            raise ArgumentError(
                f"`{name}` must have the chunks of the array along its rows: its largest has {heights[0]}, that of the "
                f"array {heights[1]}. Derive both from one sample, or rechunk one of them"
            )
    columns = source.columns + sum(other.columns for _, other in others)
    operands: list[object] = []
    for place, array in enumerate(arrays):
        operands += [array, ("row", *(f"axis {axis} of {place}" for axis in range(1, array.ndim)))]
    return da.blockwise(  # type: ignore[no-any-return]
        join,
        ("row", "column"),
        *operands,
        new_axes={"column": columns},
        dtype=np.float64,
        concatenate=concatenate,
        align_arrays=False,
        meta=np.empty((0, 0)),
    )
