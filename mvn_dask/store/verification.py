"""Whether a store holds what its manifest says: sizes, checksums, and the numbers themselves."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
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
    chunk_index,
    chunk_key,
    chunk_number,
    chunk_window,
    decode,
    fault,
    parse_key,
)
from mvn_dask.store.format.manifest import Manifest
from mvn_dask.store.format.metadata import Files, faults, zarr_files
from mvn_dask.store.format.parameters import WRITER, parameter_fault, parameter_key, parameter_loaders, writer
from mvn_dask.store.storage.base import MANIFEST_KEY, ByteArray, Storage

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


class Replayer(Protocol):
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
    unknown_files: tuple[str, ...]
    """Files that do not belong to the store. Nobody but you deletes them."""
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
        lines += _some([f"  chunk {index}: {why}" for index, why in self.bad.items()])
        lines += _some([f"  {key}: {why}" for key, why in self.faults.items()])
        lines += _some([f"  {key}: does not belong to the store" for key in self.unknown_files])
        return "\n".join([*lines, *([self.guarantee] if self.guarantee else [])])


def _some(lines: list[str], most: int = 20) -> list[str]:
    return lines if len(lines) <= most else [*lines[:most], f"  … and {len(lines) - most} more"]


@dataclass(frozen=True)
class Checking:
    """The work of reading chunks, and of drawing them again to compare."""

    storage: Storage
    """Where they lie."""
    manifest: Manifest
    """What they should be."""
    replay: Replayer | None
    """Draws them again, if that is wanted."""
    full: bool
    """Every row, and not just a stripe of each chunk."""

    def __call__(self, numbers: BlockNumbers) -> list[tuple[int, str]]:
        """Chunks that are bad, and why."""
        found = ((number, self._fault(chunk_index(self.manifest, number))) for number in numbers.tolist())
        return [(number, why) for number, why in found if why is not None]

    def remaining(self, numbers: BlockNumbers) -> BlockNumbers:
        """All: nothing is known of what a dead worker found."""
        return numbers

    def describe_cost(self) -> str:
        """Bytes of a chunk."""
        return f"a chunk takes {chunk_bytes(self.manifest)} bytes"

    def _fault(self, index: Index) -> str | None:
        cancellation.exit_if_cancelled()
        try:
            content = self.storage.read(chunk_key(index))
        except FileNotFoundError:
            return "missing"
        found = fault(self.manifest, content)
        return found if found is not None or self.replay is None else self._difference(self.replay, index, content)

    def _difference(self, replay: Replayer, index: Index, content: ByteArray) -> str | None:
        rows = decode(self.manifest, index, content)
        for place, expected in replay.parts(chunk_window(self.manifest, index), full=self.full):
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
    unknown_files: list[str] = field(default_factory=list)
    """What does not belong to the store."""


def inventory(storage: Storage, manifest: Manifest, files: Files) -> Inventory:
    """Look at everything that lies in a store, once."""
    size = chunk_bytes(manifest)
    own = {*files, MANIFEST_KEY, WRITER, *(parameter_key(name) for name in manifest.parameters)}
    seen = Inventory(np.ones(chunk_count(manifest), np.bool_))
    for entry in storage.entries():
        index = parse_key(manifest, entry.key)
        if index is not None:
            number = chunk_number(manifest, index)
            seen.missing[number] = False
            if not entry.regular:
                seen.bad[number] = "no plain file, but a link or the like, which is not followed"
            elif entry.size != size:
                seen.bad[number] = f"wrong size: {entry.size} bytes, not {size}"
        elif entry.key not in own and not storage.is_temporary(entry.key):
            seen.unknown_files.append(entry.key)
    return seen


def inspect(
    storage: Storage, manifest: Manifest, *, level: Level, full: bool = False, replay: Replayer | None = None
) -> Verification:
    """Look at a store; levels above "size" read it, on dask's current scheduler."""
    parameters = {parameter_key(name): parameter_fault(storage, manifest, name) for name in manifest.parameters}
    mean = parameter_key("mean")
    arrays = {"mean": storage.loader(mean)()} if mean in parameters and parameters[mean] is None else {}
    files = zarr_files(manifest, arrays)
    wrong = {key: why for key, why in parameters.items() if why is not None}
    seen = inventory(storage, manifest, files)
    bad = {**dict.fromkeys(np.flatnonzero(seen.missing).tolist(), "missing"), **seen.bad}
    if level != "size":
        numbers = np.setdiff1d(np.arange(chunk_count(manifest), dtype=np.int64), list(bad))
        with Progress(len(numbers), "chunks") as progress:
            work = Checking(storage, manifest, replay, full)
            files_by_digest = {} if replay is None else parameter_loaders(storage, manifest)
            bad.update(run(work, numbers, range_size(chunk_bytes(manifest)), progress, files_by_digest))
    return Verification(
        url=storage.name,
        level=level,
        chunks=chunk_count(manifest),
        bad={chunk_index(manifest, number): bad[number] for number in sorted(bad)},
        faults={**wrong, **faults(storage, files)},
        unknown_files=tuple(sorted(seen.unknown_files)),
        guarantee=_guarantee(storage) if level == "values" else "",
    )


def _guarantee(storage: Storage) -> str:
    """What equal or different bits mean here."""
    there, here = writer(storage), environment()
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
