"""Rows that stand for all rows of an array, whatever their order: one of each few thousand, at a place of chance.

Input: numbers of rows. Output: which of them are in the sample. Cost: some ns a row of the sample.

One row of each block of consecutive rows is taken, so that a sample has no more error than independent draws have, and
far less where numbers drift along the rows. The place within its block is a hash of the block's number: the same for
any chunks, and related to no period of the rows.

References
----------
G. L. Steele, D. Lea and C. H. Flood, Fast splittable pseudorandom number generators, OOPSLA 2014, 453,
doi:10.1145/2660193.2660195 (the mixing function).
"""

from functools import lru_cache

import numpy as np

from mvn_dask.statistics.base import Indices

_STEP, _FIRST, _SECOND = (
    np.uint64(word) for word in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
)  # fmt: skip


@lru_cache(maxsize=16)
def sampled(first: int, count: int, block_rows: int, number: int) -> Indices:
    """Which of `count` rows, of which the first has this number in the array, are in the sample of this number.

    Examples
    --------
    >>> sampled(0, 30, 10, number=0), sampled(10, 20, 10, number=0), sampled(0, 30, 10, number=1)
    (array([ 5, 10, 29]), array([ 0, 19]), array([ 5, 18, 23]))
    """
    blocks = np.arange(first // block_rows, -(-(first + count) // block_rows), dtype=np.uint64)
    # Array arithmetic of unsigned integers is modulo 2**64.
    words = (blocks + np.uint64(1) + (np.array([number], np.uint64) << np.uint64(48))) * _STEP
    words = (words ^ (words >> np.uint64(30))) * _FIRST
    words = (words ^ (words >> np.uint64(27))) * _SECOND
    words ^= words >> np.uint64(31)
    rows = blocks.astype(np.int64) * block_rows + (words % np.uint64(block_rows)).astype(np.int64) - first
    chosen: Indices = rows[(rows >= 0) & (rows < count)]
    # Others get the same array.
    chosen.setflags(write=False)
    return chosen
