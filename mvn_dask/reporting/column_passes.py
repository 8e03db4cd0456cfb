"""Statistics of the columns of a store, in as many passes over its chunks as they ask for.

Input: a finished store, and statistics of its first rows, or of all. Output: their results, those that
`mvn_dask.estimate` gives of the array that `from_zarr` opens. Cost: each chunk is read once, those of the first rows
once or twice more; where a rank is missed in the pass over all rows, its columns are read again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mvn_dask.reporting.column_selection import ColumnSelection
from mvn_dask.reporting.measurements import LEAF_CHUNKS, ChunkFingerprints
from mvn_dask.reporting.scan import ChunkRange, ScanInput, scan
from mvn_dask.statistics.base import Counts, NextPass, Request, Rows, Scope, Statistic
from mvn_dask.statistics.missing_values import MissingValues
from mvn_dask.statistics.repeats import Repeated
from mvn_dask.store.format.layout import chunk_count
from mvn_dask.store.reading import Stored

PIECE_NUMBERS = 2**18
"""Numbers that are converted to float64 at a time, about, if they are more than one leaf."""

_Key = tuple[int, int, int]
"""Numbers of a question, of a statistic of it, and of a part of the columns."""


@dataclass(frozen=True, eq=False)
class ColumnQuestion:
    """Statistics of so many first rows, each of all columns that are looked at."""

    rows: int
    """How many."""
    requests: tuple[Request[Any], ...]
    """What is computed."""


@dataclass(frozen=True, eq=False)
class ColumnAnswers:
    """Results, by the number of the question and of the statistic."""

    results: Mapping[_Key, Any]
    """By the part of the columns as well."""
    missing: Counts
    """Missing numbers (NaN) of each column that is looked at, shape (columns,)."""
    chunks: Repeated
    """Fingerprints of chunks, and which of them repeat."""


@dataclass(frozen=True, eq=False)
class StoredColumns(ScanInput):
    """The columns that are looked at, as float64; chunks that hold other columns are other parts."""

    selection: ColumnSelection
    """Which columns."""
    statistics: Mapping[int, Statistic[Any, Any]]
    """What is computed of each part; nothing of others."""

    def statistic(self, part: int) -> Statistic[Any, Any]:
        return self.statistics[part]

    def derive(self, chunk: ChunkRange, rows: Rows) -> Iterator[tuple[int, Rows]]:
        if chunk.low not in self.statistics:
            return
        variables = self.selection.columns[self.selection.parts == chunk.low]
        columns = chunk.columns_of(variables, self.selection.row_shape)
        chosen = slice(None) if len(columns) == rows.shape[1] else columns
        start, stop = chunk.first, min(chunk.first + chunk.rows, self.rows)
        if not self.rows:
            yield 0, np.ascontiguousarray(rows[:, chosen], np.float64)
        # Powers of two of leaves, so that whole subtrees are computed together.
        step = self.leaf_rows
        while 2 * step * len(columns) <= PIECE_NUMBERS:
            step *= 2
        while start < stop:
            end = min(stop, start + step - start % step)
            yield start, np.ascontiguousarray(rows[start - chunk.first : end - chunk.first, chosen], np.float64)
            start = end


@dataclass(frozen=True, eq=False)
class DerivedFingerprints(ChunkFingerprints):
    """Fingerprints of chunks, 0 where equal ones may be so by chance, as of few different numbers."""

    discrete = True


def answers_to(stored: Stored, selection: ColumnSelection, questions: Sequence[ColumnQuestion]) -> ColumnAnswers:
    """Results of all statistics, missing numbers left out, and fingerprints of the chunks.

    Raises the errors of `mvn_dask.report`.
    """
    pending: dict[_Key, Statistic[Any, Any]] = {
        (number, place, part): request.prepared(_scope(selection, question.rows, part))
        for number, question in enumerate(questions)
        for place, request in enumerate(question.requests)
        for part in np.unique(selection.parts).tolist()
    }
    results: dict[_Key, Any] = {}
    missing = np.zeros(len(selection.columns), np.int64)
    chunks: Repeated | None = None
    while pending or chunks is None:
        looks = {key: each.first_rows(questions[key[0]].rows) for key, each in pending.items()}
        # Passes over few of the rows come first, so that those over all of them are made together.
        now = {key: look for key, look in looks.items() if look < questions[key[0]].rows} or looks
        whole = len(now) == len(looks) and not any(look < questions[key[0]].rows for key, look in now.items())
        groups = _groups(now)
        inputs: list[ScanInput] = [
            StoredColumns(look, selection.leaf_rows, selection, _by_part(pending, keys))
            for (_, look), keys in groups.items()
        ]
        numbers = selection.chunks_of({key[2] for key in now}, max(now.values(), default=0))
        if whole and chunks is None:
            count = chunk_count(stored.manifest) if selection.rows else 0
            inputs.append(DerivedFingerprints(count, LEAF_CHUNKS))
            numbers = np.arange(count, dtype=np.int64)
        found = scan(stored, inputs, {}, row_axes=selection.row_axes, numbers=numbers)
        if whole and chunks is None:
            chunks = found.pop().get(0, Repeated(0, ()))
        for ((question, look), keys), counted in zip(groups.items(), found, strict=True):
            if question == 0 and look == selection.rows:
                for part, each in counted.items():
                    missing[selection.parts == part] = each.omitted[:-1]
            _settle(pending, results, keys, counted)
    return ColumnAnswers(results, missing, chunks)


def _scope(selection: ColumnSelection, rows: int, part: int) -> Scope:
    return Scope(rows, int(np.count_nonzero(selection.parts == part)), selection.manifest.dtype)


def _groups(looks: Mapping[_Key, int]) -> dict[tuple[int, int], list[_Key]]:
    """Statistics that look at the same rows of the same question."""
    groups: dict[tuple[int, int], list[_Key]] = {}
    for key, look in looks.items():
        groups.setdefault((key[0], look), []).append(key)
    return groups


def _by_part(pending: Mapping[_Key, Statistic[Any, Any]], keys: Sequence[_Key]) -> dict[int, Statistic[Any, Any]]:
    parts = {part: tuple(pending[key] for key in keys if key[2] == part) for _, _, part in keys}
    return {part: MissingValues(statistics, omit=True) for part, statistics in parts.items()}


def _settle(
    pending: dict[_Key, Statistic[Any, Any]], results: dict[_Key, Any], keys: Sequence[_Key], counted: Mapping[int, Any]
) -> None:
    """Take what a pass has found: results, or what is to be computed next."""
    places = dict.fromkeys(counted, 0)
    for key in keys:
        part = key[2]
        result = counted[part].inner[places[part]]
        places[part] += 1
        if isinstance(result, NextPass):
            pending[key] = result.statistic
        else:
            results[key] = result
            del pending[key]
