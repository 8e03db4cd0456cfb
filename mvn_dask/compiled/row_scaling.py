"""Rows times a number each, and shifted: both operations of a number in one pass, each rounded.

Input: rows, a scale for each, and what is added to each. Output: the rows, overwritten, with the bits of numpy's. Cost:
one pass over the rows.
"""

from typing import Any

from mvn_dask._typing import FloatArray
from mvn_dask.compiled.compilation import CompiledFunction


def _scale(rows: Any, scales: Any, location: Any) -> None:
    for row in range(rows.shape[0]):
        scale = scales[row]
        for column in range(rows.shape[1]):
            # One after the other and without fast-math: LLVM must not fuse them.
            rows[row, column] = rows[row, column] * scale + location[column]


_apply = CompiledFunction(_scale)


def scale_rows(rows: FloatArray, scales: FloatArray, location: FloatArray) -> None:
    """Overwrite rows, shape (n, d), with ``rows * scales[:, None] + location``; all of one precision."""
    # Compiled code checks no bounds.
    if scales.shape + location.shape != rows.shape or not rows.dtype == scales.dtype == location.dtype:
        raise ValueError(f"shapes {rows.shape}, {scales.shape} and {location.shape} do not fit, or precisions")
    _apply(rows, scales, location)
