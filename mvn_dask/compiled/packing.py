"""A factor's entries in the order in which micro-kernels read them.

Input: a factor, shape (d, k), and a mean. Output: panels. A *tile* is `TILE_ROWS` rows of a product by one vector of
its columns; the *panel* of a tile holds, for one normal after the other, the entries of the factor that go with those
columns, as in GotoBLAS and BLIS. Cost: one copy of the factor, for the small ones that are packed whole.

References
----------
F. G. Van Zee and R. A. van de Geijn, BLIS: A Framework for Rapidly Instantiating BLAS Functionality, ACM Transactions
on Mathematical Software 41 (3), 2015, doi:10.1145/2764454.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import FloatArray
from mvn_dask.compiled.llvm import VECTOR_BYTES

TILE_ROWS = 8
"""Rows of a tile: eight sums fill half of the registers, and hide how long an addition takes."""
NARROW_WIDTH = 4
"""Columns of a tile where rows have no more."""
TILE_FIELDS = 3
"""Numbers that describe a tile in `PackedFactor`."""


class PackedFactor(NamedTuple):
    """A small square factor, packed whole."""

    panels: FloatArray
    """Entries, one-dimensional: panel after panel, and in a panel for each normal those of the tile's columns."""
    tiles: npt.NDArray[np.int64]
    """For each tile, one after the other: its first column, its number of normals, and where its panel begins."""
    mean: FloatArray
    """The mean, with zeros up to a whole tile."""


def tile_width(d: int, itemsize: int) -> int:
    """Columns of a tile for rows of d numbers."""
    return NARROW_WIDTH if d <= NARROW_WIDTH else VECTOR_BYTES // itemsize


def row_support(rows: FloatArray) -> int:
    """Number of leading columns outside which rows of a factor are zero, at least 1.

    Examples
    --------
    >>> row_support(np.array([[1.0, 0.0, 0.0], [0.0, 2.0, 0.0]]))
    2
    """
    # At least one product, since a sum of none has no value.
    return 1 + int(max(np.flatnonzero(rows.any(axis=0)), default=0))


def pack_tiles(matrix: FloatArray, mean: FloatArray) -> PackedFactor:
    """Pack a square factor, shape (d, d)."""
    d = len(matrix)
    if d in (2, 4):
        # Several rows fill a vector: entries and mean are repeated for each of them.
        rows = VECTOR_BYTES // matrix.itemsize // d
        return PackedFactor(np.tile(matrix.T, rows).ravel(), np.array([0, d, 0]), np.tile(mean, rows))
    width = tile_width(d, matrix.itemsize)
    # The last tile overlaps the one before it, so that it is whole: samples are written straight to their rows, and
    # whatever is written twice is the same. With too few columns for that, zeros fill the tile.
    firsts = [*range(0, d - width, width), max(0, d - width)]
    blocks = [matrix[first : first + width, : row_support(matrix[first : first + width])].T for first in firsts]
    panels = [np.pad(block, ((0, 0), (0, width - block.shape[1]))).ravel() for block in blocks]
    begins = np.cumsum([0, *map(len, panels)])[:-1]
    padded = np.zeros(max(d, width), mean.dtype)
    padded[:d] = mean
    tiles = np.column_stack([firsts, list(map(len, blocks)), begins]).ravel()
    return PackedFactor(np.concatenate(panels), tiles, padded)
