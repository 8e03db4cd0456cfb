"""Whether a store holds what its record says: sizes, checksums, and the numbers themselves."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, get_args

import numpy as np
import numpy.typing as npt

from mvn_dask.errors import ArgumentError
from mvn_dask.provenance import environment
from mvn_dask.store import stopping
from mvn_dask.store.companions import WRITER, array_key, companion_fault, loaders, writer
from mvn_dask.store.engine import run
from mvn_dask.store.layout import (
    Index,
    chunk_bytes,
    chunk_count,
    chunk_index,
    chunk_key,
    chunk_number,
    chunk_window,
    decode,
    fault,
    parse_key,
)
from mvn_dask.store.metadata import Files, faults, zarr_files
from mvn_dask.store.progress import Progress
from mvn_dask.store.ranges import Numbers, range_size
from mvn_dask.store.record import PlanRecord
from mvn_dask.store.targets.base import RECORD, Bytes, Target

Level = Literal["size", "checksum", "values"]


def refuse_other_levels(level: object, *, full: bool) -> None:
    """Raise unless it is a level, and one that `full` goes with.

    Raises
    ------
    ArgumentError
        With the word that it is.
    """
    if level not in get_args(Level):
        raise ArgumentError(f"`level` must be 'size', 'checksum' or 'values': it is {level!r}")
    if full and level != "values":
        raise ArgumentError(f"`full` goes with level='values', not with {level!r}")


class Redraw(Protocol):
    """Draws parts of the array again."""

    def parts(self, window: Sequence[slice], *, full: bool) -> Iterator[tuple[Any, npt.NDArray[Any]]]:
        """Where parts lie in a window of the array, and what must stand there."""


@dataclass(frozen=True)
class Verification:
    """What was found in a store."""

    url: str
    """Where it lies."""
    level: Level
    """How closely it was looked at."""
    chunks: int
    """Chunks that the store should have; all were looked at."""
    bad: Mapping[Index, str]
    """Chunks that are not as they should be, by their index, and why."""
    faults: Mapping[str, str]
    """Other files of the store that are not, and why: metadata, names, mean and factor."""
    foreign: tuple[str, ...]
    """Files that do not belong to the store. Nobody but you deletes them."""
    guarantee: str
    """What equal, or different, numbers mean on this machine."""

    @property
    def ok(self) -> bool:
        """Whether the store is exactly what its record says, and nothing else lies in it."""
        return not (self.bad or self.faults or self.foreign)

    def __str__(self) -> str:
        lines = [
            f"{self.url}: {'ok' if self.ok else 'NOT ok'} (level {self.level!r})",
            f"chunks: {self.chunks - len(self.bad)} of {self.chunks} good",
        ]
        lines += _some([f"  chunk {index}: {why}" for index, why in self.bad.items()])
        lines += _some([f"  {key}: {why}" for key, why in self.faults.items()])
        lines += _some([f"  {key}: does not belong to the store" for key in self.foreign])
        return "\n".join([*lines, *([self.guarantee] if self.guarantee else [])])


def _some(lines: list[str], most: int = 20) -> list[str]:
    return lines if len(lines) <= most else [*lines[:most], f"  … and {len(lines) - most} more"]


@dataclass(frozen=True)
class Checking:
    """The work of reading chunks, and of drawing them again to compare."""

    target: Target
    """Where they lie."""
    record: PlanRecord
    """What they should be."""
    redraw: Redraw | None
    """Draws them again, if that is wanted."""
    full: bool
    """Every row, and not just a stripe of each chunk."""

    def __call__(self, numbers: Numbers) -> list[tuple[int, str]]:
        """Chunks that are bad, and why."""
        found = ((number, self._fault(chunk_index(self.record, number))) for number in numbers.tolist())
        return [(number, why) for number, why in found if why is not None]

    def left(self, numbers: Numbers) -> Numbers:
        """All: nothing is known of what a dead worker found."""
        return numbers

    def cost(self) -> str:
        """Bytes of a chunk."""
        return f"a chunk takes {chunk_bytes(self.record)} bytes"

    def _fault(self, index: Index) -> str | None:
        stopping.checkpoint()
        try:
            content = self.target.read(chunk_key(index))
        except FileNotFoundError:
            return "missing"
        found = fault(self.record, content)
        return found if found is not None or self.redraw is None else self._difference(self.redraw, index, content)

    def _difference(self, redraw: Redraw, index: Index, content: Bytes) -> str | None:
        rows = decode(self.record, index, content)
        for place, expected in redraw.parts(chunk_window(self.record, index), full=self.full):
            outer, span = place
            there = rows[outer].reshape(-1, rows.shape[-1])[span]
            if there.tobytes() != expected.tobytes():
                return _describe(there, expected)
        return None


def _describe(there: npt.NDArray[Any], expected: npt.NDArray[Any]) -> str:
    different = int(np.count_nonzero((there != expected) & ~(np.isnan(there) & np.isnan(expected))))
    with np.errstate(all="ignore"):
        # numpy's nanmax warns where all is NaN, in a way that `errstate` does not silence.
        largest = float(np.fmax.reduce(np.abs(there - expected), axis=None) / np.abs(expected).max())
    return f"the values differ: {different} of {expected.size} compared, by up to {largest:.1e} of the largest"


@dataclass
class Inventory:
    """What lies in a store, sorted."""

    missing: npt.NDArray[np.bool_]
    """Chunks that were not seen, by their numbers."""
    bad: dict[int, str] = field(default_factory=dict)
    """Chunks of the wrong kind or size."""
    foreign: list[str] = field(default_factory=list)
    """What does not belong to the store."""


def inventory(target: Target, record: PlanRecord, files: Files) -> Inventory:
    """Look at everything that lies in a store, once."""
    size = chunk_bytes(record)
    own = {*files, RECORD, WRITER, *(array_key(name) for name in record.arrays)}
    seen = Inventory(np.ones(chunk_count(record), np.bool_))
    for entry in target.entries():
        index = parse_key(record, entry.key)
        if index is not None:
            number = chunk_number(record, index)
            seen.missing[number] = False
            if not entry.regular:
                seen.bad[number] = "no plain file, but a link or the like, which is not followed"
            elif entry.size != size:
                seen.bad[number] = f"wrong size: {entry.size} bytes, not {size}"
        elif entry.key not in own and not target.is_leftover(entry.key):
            seen.foreign.append(entry.key)
    return seen


def inspect(
    target: Target, record: PlanRecord, *, level: Level, full: bool = False, redraw: Redraw | None = None
) -> Verification:
    """Look at a store; levels above "size" read it, on dask's current scheduler."""
    companions = {array_key(name): companion_fault(target, record, name) for name in record.arrays}
    mean = array_key("mean")
    arrays = {"mean": target.loader(mean)()} if mean in companions and companions[mean] is None else {}
    files = zarr_files(record, arrays)
    wrong = {key: why for key, why in companions.items() if why is not None}
    seen = inventory(target, record, files)
    bad = {**dict.fromkeys(np.flatnonzero(seen.missing).tolist(), "missing"), **seen.bad}
    if level != "size":
        numbers = np.setdiff1d(np.arange(chunk_count(record), dtype=np.int64), list(bad))
        with Progress(len(numbers), "chunks") as progress:
            work = Checking(target, record, redraw, full)
            shelf = {} if redraw is None else loaders(target, record)
            bad.update(run(work, numbers, range_size(record), progress, shelf))
    return Verification(
        url=target.name,
        level=level,
        chunks=chunk_count(record),
        bad={chunk_index(record, number): bad[number] for number in sorted(bad)},
        faults={**wrong, **faults(target, files)},
        foreign=tuple(sorted(seen.foreign)),
        guarantee=_guarantee(target) if level == "values" else "",
    )


def _guarantee(target: Target) -> str:
    """What equal or different bits mean here."""
    there, here = writer(target), environment()
    if there is None:
        return "It is not known where the store was begun: different last bits may be another machine's."
    different = [
        f"{name} {then!r} there, {now!r} here"
        for (name, then), now in zip(there.as_dict().items(), here.as_dict().values(), strict=True)
        if then != now
    ]
    rule = "The factor comes from the store, and drawing uses no BLAS: another BLAS or processor gives the same bits."
    if not different:
        return f"{rule} The store was begun in this very environment: any difference is damage."
    decisive = [text for text in different if text.split()[0] in {"numpy", "libc", "mvn_dask"}]
    if not decisive:
        return f"{rule} Different from where it was begun ({'; '.join(different)}), which decides no bit."
    return (
        f"{rule} Different from where it was begun: {'; '.join(different)}. Another numpy may change its streams, and "
        "another C library the last bit of one normal in 4,000: such differences are no damage."
    )
