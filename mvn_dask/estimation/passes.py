"""Passes over the rows of an array, for any statistics, until all of them have their results.

Input: rows, and statistics of ranges of them. Output: results, with the same bits for any blocks, any scheduler and any
worker that is killed. Cost: rows are computed once a pass, and dropped where they were made; a task holds one block,
and gives back nodes and the rows of at most two leaves.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt

from mvn_dask.estimation.joined_columns import Beside
from mvn_dask.estimation.masked_numbers import refuse_masked
from mvn_dask.estimation.row_source import RowSource
from mvn_dask.execution import cancellation
from mvn_dask.execution.blocks import Blocks
from mvn_dask.execution.engine import goes_in_ranges, run, run_whole
from mvn_dask.execution.progress import Progress
from mvn_dask.execution.ranges import BlockNumbers, range_size
from mvn_dask.readable import plural
from mvn_dask.statistics.base import Indices, NextPass, Rows, Statistic
from mvn_dask.statistics.forest import Forest
from mvn_dask.statistics.missing_values import ColumnPlaces, Counted, MissingValues

CONVERTED_NUMBERS = 2**21
"""Numbers that are converted to float64 at a time, about."""

Forests = dict[int, Forest[Counted, Counted]]
"""By the number of the part that each is of."""


@dataclass(frozen=True, eq=False)
class Part:
    """Statistics of a range of rows, of some columns."""

    statistics: tuple[Statistic[Any, Any], ...]
    """What is computed."""
    start: int
    """The first row."""
    stop: int
    """The row after the last one."""
    rows: int | None = None
    """Rows of the array that the leaves are those of; by default the range is an array of its own."""
    columns: Indices | None = None
    """Columns that are looked at; None for those of the pass."""
    array: int = 0
    """Number of the array, of those that lie side by side."""
    leaf_rows: int | None = None
    """Rows of a leaf; None for those of the pass."""

    @property
    def origin(self) -> int:
        """The row that leaves are counted from."""
        return self.start if self.rows is None else 0

    @property
    def length(self) -> int:
        """Rows that leaves are counted among."""
        return self.stop - self.start if self.rows is None else self.rows


@dataclass(frozen=True, eq=False)
class Reduction:
    """The work of computing blocks, and the nodes of statistics of their rows."""

    blocks: Blocks
    """What is computed."""
    starts: npt.NDArray[np.int64]
    """First row of each block, and the number of rows, shape (blocks + 1,)."""
    columns: Indices | None
    """Columns that are looked at, unless a part has its own; None for all."""
    leaf_rows: int
    """Rows of a leaf, unless a part has its own."""
    parts: tuple[Part, ...]
    """What is computed of which rows."""
    omit: bool
    """Whether missing numbers are left out."""
    block_bytes: int
    """Bytes of the largest block."""
    width: int
    """Numbers of a row, of all arrays that lie side by side."""
    arguments: tuple[tuple[str, int], ...] = ()
    """Names of the arguments whose columns lie side by side, and how many each has."""

    def __call__(self, numbers: BlockNumbers) -> list[Forests]:
        """The nodes of these blocks."""
        forests: Forests = {}
        self.blocks.compute_each(numbers.tolist(), lambda number, block: self.add(forests, number, block))
        return [forests]

    def remaining(self, numbers: BlockNumbers) -> BlockNumbers:
        """All: what a dead worker computed is lost."""
        return numbers

    def describe_cost(self) -> str:
        return f"a block takes {plural(self.block_bytes, 'byte')}, and what is made on the way to it"

    def of_block(self, number: int, block: Rows | Beside) -> Forests:
        """The nodes of one block."""
        forests: Forests = {}
        self.add(forests, number, block)
        return forests

    def add(self, forests: Forests, number: int, block: Rows | Beside) -> None:
        """Add one block to the forests of all parts that it has rows of."""
        blocks = block.blocks if isinstance(block, Beside) else (block,)
        arrays, first = [self._checked(number, each) for each in blocks], int(self.starts[number])
        if (columns := sum(each.shape[1] for each in arrays)) != self.width:
            raise ValueError(
                f"block {number} of the array has {plural(columns, 'column')}, and its shape says {self.width}: a "
                "function in its graph changes the number of columns"
            )
        for part, each in enumerate(self.parts):
            rows = arrays[each.array]
            start, stop = max(first, each.start), min(first + len(rows), each.stop)
            if start >= stop:
                continue
            leaf_rows = each.leaf_rows or self.leaf_rows
            columns = self.columns if each.columns is None else each.columns
            step = max(1, CONVERTED_NUMBERS // max(1, rows.shape[1] * leaf_rows)) * leaf_rows
            if part not in forests:
                places = ColumnPlaces(columns, self.arguments)
                forests[part] = Forest(MissingValues(each.statistics, self.omit, places), each.length, leaf_rows)
            while start < stop:
                cancellation.exit_if_cancelled()
                # Where leaves begin, so that as few as possible are cut.
                end = min(stop, start + step - (start - each.origin) % step)
                forests[part].add(start - each.origin, _converted(rows[start - first : end - first], columns))
                start = end

    def _checked(self, number: int, block: Rows) -> Rows:
        refuse_masked(block)
        rows = np.asarray(block)
        expected = int(self.starts[number + 1] - self.starts[number])
        if rows.ndim == 0 or len(rows) != expected:
            raise ValueError(
                f"block {number} of the array has the shape {rows.shape}, and its chunks say "
                f"{plural(expected, 'row')}: a function in its graph changes the number of rows"
            )
        if rows.dtype.kind not in "biuf":
            raise ValueError(
                f"block {number} of the array holds {rows.dtype}, and its dtype says real numbers: a function in its "
                "graph changes the dtype"
            )
        return rows.reshape(expected, prod(rows.shape[1:]))


def _converted(rows: Rows, columns: Indices | None) -> npt.NDArray[np.float64]:
    return np.ascontiguousarray(rows if columns is None else rows[:, columns], np.float64)


def results_of(
    source: RowSource, parts: Sequence[Part], *, columns: Indices | None, leaf_rows: int, omit: bool
) -> list[Counted]:
    """Results of the statistics of each part, in as many passes as these ask for.

    Raises the errors of `engine.run`, ArgumentError for missing numbers, and what statistics raise.
    """
    pending = {(part, place): each for part, one in enumerate(parts) for place, each in enumerate(one.statistics)}
    found: dict[tuple[int, int], Any] = {}
    omitted: dict[int, Any] = {}
    while pending:
        needed = {key: each.first_rows(parts[key[0]].stop - parts[key[0]].start) for key, each in pending.items()}
        # Passes over few rows come first, so that those over all of them are made together.
        now = [key for key in pending if needed[key] == min(needed.values())]
        groups: dict[int, list[tuple[int, int]]] = {}
        for key in now:
            groups.setdefault(key[0], []).append(key)
        passed = [
            replace(
                parts[part], statistics=tuple(pending[key] for key in keys), stop=parts[part].start + needed[keys[0]]
            )
            for part, keys in groups.items()
        ]
        for (part, keys), counted in zip(
            groups.items(), _one_pass(source, passed, columns, leaf_rows, omit), strict=True
        ):
            omitted[part] = counted.omitted
            for key, result in zip(keys, counted.inner, strict=True):
                if isinstance(result, NextPass):
                    pending[key] = result.statistic
                else:
                    found[key] = result
                    del pending[key]
    return [
        Counted(omitted[part], tuple(found[part, place] for place in range(len(each.statistics))))
        for part, each in enumerate(parts)
    ]


def _one_pass(
    source: RowSource, parts: Sequence[Part], columns: Indices | None, leaf_rows: int, omit: bool
) -> list[Counted]:
    """Results, or what is to be computed next, of each part."""
    forests = forests_of(source, parts, columns=columns, leaf_rows=leaf_rows, omit=omit)
    return [forests[part].result() for part in range(len(parts))]  # type: ignore[misc]


def forests_of(
    source: RowSource, parts: Sequence[Part], *, columns: Indices | None, leaf_rows: int, omit: bool
) -> Forests:
    """The nodes of all rows of each part, on dask's current scheduler."""
    array = source.array
    lengths = np.array(array.chunks[0], np.int64)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    block_bytes = int(max(lengths, default=0)) * source.columns * array.itemsize
    work = Reduction(
        Blocks(array), starts, columns, leaf_rows, tuple(parts), omit, block_bytes, source.columns, source.arguments
    )
    wanted = [np.arange(np.searchsorted(starts, p.start, "right") - 1, np.searchsorted(starts, p.stop)) for p in parts]
    numbers = np.unique(np.concatenate(wanted).astype(np.int64)) if source.rows else np.empty(0, np.int64)
    forests: Forests = {}
    for part, each in enumerate(parts):
        if each.start == each.stop:
            chosen = columns if each.columns is None else each.columns
            forests[part] = Forest(MissingValues(each.statistics, omit), 0, each.leaf_rows or leaf_rows)
            forests[part].add(0, np.empty((0, source.columns if chosen is None else len(chosen))))
    with Progress(len(numbers), "block", block_bytes) as progress:
        for ended in _computed(array, work, numbers, progress):
            for part, forest in ended.items():
                if forests.setdefault(part, forest) is not forest:
                    forests[part].merge(forest)
    return forests


def _computed(array: da.Array, work: Reduction, numbers: BlockNumbers, progress: Progress) -> Iterator[Forests]:
    """Forests of ranges of blocks, in any order."""
    if not len(numbers):
        return
    if goes_in_ranges(work.blocks, len(numbers)):
        yield from run(work, numbers, range_size(work.block_bytes), progress)
        return
    # Blocks that share work, such as a mean over all rows: each range would do it again.
    name = f"estimate-{array.name}"
    reduced = da.map_blocks(
        _reduce_block, array, work=work, name=name, dtype=object, chunks=tuple((1,) * n for n in array.numblocks),
        meta=np.empty((0,) * array.ndim, object),
    )  # fmt: skip
    keys = [(name, int(number), *(0,) * (array.ndim - 1)) for number in numbers]
    for ended in run_whole(reduced, keys, progress, work):
        yield ended.item()


def _reduce_block(block: Rows | Beside, work: Reduction, block_id: tuple[int, ...]) -> npt.NDArray[Any]:
    result = np.empty((1,) * len(block_id), object)
    result[(0,) * len(block_id)] = work.of_block(block_id[0], block)
    return result
