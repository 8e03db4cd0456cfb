"""Compare a store with its manifest: names and sizes, checksums, or the numbers themselves.

Input: storage and its manifest, and what draws the numbers again. Output: a `Verification`. Cost: a listing ("size");
and a pass over all bytes ("checksum"); and drawing a stripe of each chunk, or every row ("values").
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, get_args

import numpy as np
import numpy.typing as npt

from mvn_dask.environment import environment
from mvn_dask.errors import ArgumentError
from mvn_dask.execution import cancellation
from mvn_dask.execution.engine import run
from mvn_dask.execution.progress import Progress
from mvn_dask.execution.ranges import BlockNumbers, range_size
from mvn_dask.store.format.layout import (
    Index,
    chunk_bytes,
    chunk_count,
    chunk_fault,
    chunk_index,
    chunk_key,
    chunk_number,
    chunk_window,
    decode,
    parse_key,
)
from mvn_dask.store.format.manifest import Manifest
from mvn_dask.store.format.metadata import Files, metadata_faults, zarr_files
from mvn_dask.store.format.parameters import WRITER, parameter_fault, parameter_key, parameter_loaders, writer
from mvn_dask.store.storage.base import MANIFEST_KEY, ByteArray, Storage

Level = Literal["size", "checksum", "values"]

MAX_LINES = 20
"""Lines that the text of a report has for chunks, files and unknown files, each."""
DECISIVE = {"numpy", "libc", "mvn_dask"}
"""Fields of `Environment` that may change the numbers."""


def refuse_other_levels(level: object, *, full: bool) -> None:
    """Raise unless it is a level, and one that `full` goes with. Raises ArgumentError with the level given."""
    if level not in get_args(Level):
        raise ArgumentError(f"`level` must be 'size', 'checksum' or 'values': it is {level!r}")
    if full and level != "values":
        raise ArgumentError(f"`full` goes with level='values', not with {level!r}")


class ReplayProtocol(Protocol):
    """Draws parts of the array again; see `mvn_dask.sampling.replay.Replay.parts`."""

    def parts(
        self, window: Sequence[slice], *, full: bool
    ) -> Iterator[tuple[tuple[tuple[int, ...], slice], npt.NDArray[Any]]]:
        """Runs of rows in a window of the array, and the numbers there.

        A run is given as the index of its steps along the window's first axes, and its rows among those that remain.
        """


@dataclass(frozen=True)
class Verification:
    """Differences between a store and its manifest."""

    url: str
    """The store."""
    level: Level
    """How closely it was compared."""
    chunks: int
    """Chunks that the store should have; all were compared."""
    bad: Mapping[Index, str]
    """Chunks that are not as they should be, by their index, and why."""
    faults: Mapping[str, str]
    """Other files of the store that are not, and why: metadata, names, parameters."""
    unknown_files: tuple[str, ...]
    """Files that do not belong to the store. mvn_dask never deletes them."""
    guarantee: str
    """What equal, or different, numbers mean on this machine."""

    @property
    def ok(self) -> bool:
        """Whether the store is exactly what its manifest says, and nothing else lies in it."""
        return not (self.bad or self.faults or self.unknown_files)

    def __str__(self) -> str:
        lines = [
            f"{self.url}: {'ok' if self.ok else 'NOT ok'} (level {self.level!r})",
            f"chunks: {self.chunks - len(self.bad)} of {self.chunks} good",
        ]
        lines += _first_lines([f"  chunk {index}: {why}" for index, why in self.bad.items()])
        lines += _first_lines([f"  {key}: {why}" for key, why in self.faults.items()])
        lines += _first_lines([f"  {key}: does not belong to the store" for key in self.unknown_files])
        return "\n".join([*lines, *([self.guarantee] if self.guarantee else [])])


def _first_lines(lines: list[str]) -> list[str]:
    return lines if len(lines) <= MAX_LINES else [*lines[:MAX_LINES], f"  … and {len(lines) - MAX_LINES} more"]


@dataclass(frozen=True)
class CheckChunks:
    """The work of reading chunks, and of drawing them again to compare."""

    storage: Storage
    """Storage of the store."""
    manifest: Manifest
    """What the chunks should be."""
    replay: ReplayProtocol | None
    """Draws them again, at level "values"."""
    full: bool
    """Compare every row, and not just a stripe of each chunk."""

    def __call__(self, numbers: BlockNumbers) -> list[tuple[int, str]]:
        """Numbers of chunks that are bad, and why."""
        faults = []
        for number in numbers.tolist():
            cancellation.exit_if_cancelled()
            fault = self._fault(chunk_index(self.manifest, number))
            if fault is not None:
                faults.append((number, fault))
        return faults

    def remaining(self, numbers: BlockNumbers) -> BlockNumbers:
        """All of them: what a dead worker found is lost."""
        return numbers

    def describe_cost(self) -> str:
        """Bytes of a chunk."""
        return f"a chunk takes {chunk_bytes(self.manifest)} bytes"

    def _fault(self, index: Index) -> str | None:
        try:
            content = self.storage.read(chunk_key(index))
        except FileNotFoundError:
            return "missing"
        fault = chunk_fault(self.manifest, content)
        if fault is not None or self.replay is None:
            return fault
        return self._difference(self.replay, index, content)

    def _difference(self, replay: ReplayProtocol, index: Index, content: ByteArray) -> str | None:
        stored = decode(self.manifest, index, content)
        for (steps, rows), expected in replay.parts(chunk_window(self.manifest, index), full=self.full):
            found = stored[steps].reshape(-1, stored.shape[-1])[rows]
            # As bytes: for numbers -0.0 is 0.0, and NaN is not NaN.
            if found.tobytes() != expected.tobytes():
                return _describe_difference(found, expected)
        return None


def _describe_difference(found: npt.NDArray[Any], expected: npt.NDArray[Any]) -> str:
    different = int(np.count_nonzero((found != expected) & ~(np.isnan(found) & np.isnan(expected))))
    with np.errstate(all="ignore"):
        # numpy's nanmax warns where all is NaN, in a way that `errstate` does not silence.
        largest = float(np.fmax.reduce(np.abs(found - expected), axis=None) / np.abs(expected).max())
    return f"the values differ: {different} of {expected.size} compared, by up to {largest:.1e} of the largest"


@dataclass(frozen=True)
class Inventory:
    """The files of a store, sorted."""

    bad: Mapping[int, str]
    """Chunks that are missing, of the wrong kind or size, by their numbers, and why."""
    unknown_files: tuple[str, ...]
    """Keys that do not belong to the store."""


def inventory(storage: Storage, manifest: Manifest, files: Files) -> Inventory:
    """Sort every file of a store by name and size; `files` are those of Zarr beside the chunks."""
    size = chunk_bytes(manifest)
    # One listing instead of a look at each chunk: it finds what should not be there as well.
    own = {*files, MANIFEST_KEY, WRITER, *map(parameter_key, manifest.parameters)}
    missing = np.ones(chunk_count(manifest), np.bool_)
    bad, unknown = {}, []
    for entry in storage.entries():
        index = parse_key(manifest, entry.key)
        if index is not None:
            number = chunk_number(manifest, index)
            missing[number] = False
            if not entry.regular:
                bad[number] = "no plain file, but a link or the like, which is not followed"
            elif entry.size != size:
                bad[number] = f"wrong size: {entry.size} bytes, not {size}"
        elif entry.key not in own and not storage.is_temporary(entry.key):
            unknown.append(entry.key)
    return Inventory({**dict.fromkeys(np.flatnonzero(missing).tolist(), "missing"), **bad}, tuple(sorted(unknown)))


def inspect(
    storage: Storage, manifest: Manifest, *, level: Level, full: bool = False, replay: ReplayProtocol | None = None
) -> Verification:
    """Compare a store with its manifest; levels above "size" read it, on dask's current scheduler."""
    parameters = {name: parameter_fault(storage, manifest, name) for name in manifest.parameters}
    # The attributes hold the mean. Where it is lost, that is the fault, and not the metadata as well.
    mean_is_good = "mean" in parameters and parameters["mean"] is None
    files = zarr_files(manifest, {"mean": storage.loader(parameter_key("mean"))()} if mean_is_good else {})
    found = inventory(storage, manifest, files)
    bad = dict(found.bad)
    if level != "size":
        # Those that are bad by name or size are not read: a hostile file may be larger than the memory.
        numbers = np.setdiff1d(np.arange(chunk_count(manifest), dtype=np.int64), list(bad))
        with Progress(len(numbers), "chunks") as progress:
            work = CheckChunks(storage, manifest, replay, full)
            loaders = {} if replay is None else parameter_loaders(storage, manifest)
            bad.update(run(work, numbers, range_size(chunk_bytes(manifest)), progress, loaders))
    faults = {parameter_key(name): fault for name, fault in parameters.items() if fault is not None}
    return Verification(
        url=storage.name,
        level=level,
        chunks=chunk_count(manifest),
        bad={chunk_index(manifest, number): bad[number] for number in sorted(bad)},
        faults={**faults, **metadata_faults(storage, files)},
        unknown_files=found.unknown_files,
        guarantee=_guarantee(storage) if level == "values" else "",
    )


def _guarantee(storage: Storage) -> str:
    """What equal or different bits mean here."""
    begun, here = writer(storage), environment()
    if begun is None:
        return "It is not known where the store was begun: different last bits may be another machine's."
    now = here.as_dict()
    different = {
        name: f"{name} {then!r} there, {now[name]!r} here"
        for name, then in begun.as_dict().items()
        if then != now[name]
    }
    text = "; ".join(different.values())
    rule = "The factor comes from the store, and drawing uses no BLAS: another BLAS or processor gives the same bits."
    if not different:
        return f"{rule} The store was begun in this very environment: any difference is damage."
    if not DECISIVE & different.keys():
        return f"{rule} Different from where it was begun ({text}), which decides no bit."
    return (
        f"{rule} Different from where it was begun: {text}. Another numpy may change its streams, and "
        "another C library the last bit of one normal in 4,000: such differences are no damage."
    )
