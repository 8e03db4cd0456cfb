"""Places of simulated stores, and the code of jobs made fast enough for thousands of histories."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, partial
from typing import Any

import dask
import pytest

from mvn_dask.execution.blocks import Blocks
from mvn_dask.maintenance import extend, repair, verify
from mvn_dask.store import array_manifest, chunk_writer, writing
from mvn_dask.store.format import completeness, manifest, metadata
from mvn_dask.store.storage import addressing
from mvn_dask.store.storage.base import Storage
from tests.simulation.bucket import SimulatedBucket
from tests.simulation.folder import SimulatedFolder
from tests.simulation.histories import LEASE_SECONDS, Call, Case, Files, History, Place, Spec
from tests.simulation.medium import Medium
from tests.simulation.scheduling import Decide, Simulation
from tests.simulation.unfenced import UnfencedBucket

PLACES: Mapping[str, Callable[[Simulation], tuple[Medium, Place]]] = {
    "folder": lambda simulation: (Medium(simulation), SimulatedFolder),
    "bucket": lambda simulation: (Medium(simulation), SimulatedBucket),
    "digests": lambda simulation: (Medium(simulation, digests=True), SimulatedBucket),
    "undeletable": lambda simulation: (Medium(simulation, digests=True, deletes=False), SimulatedBucket),
    "careless": lambda simulation: (Medium(simulation), partial(SimulatedBucket, puts=False)),
    "unfenced": lambda simulation: (Medium(simulation), UnfencedBucket),
}
"""Where a store may lie."""

_current: list[Storage] = []


@contextmanager
def real_code() -> Iterator[None]:
    """The functions that jobs call find the simulated storage; what is pure is computed once."""
    with pytest.MonkeyPatch.context() as patch, dask.config.set(scheduler="synchronous"):
        patch.setattr(addressing, "_object_storage", lambda *_: _current[-1])
        for module in (completeness, writing, verify):
            patch.setattr(module, "zarr_files", _zarr_files)
        patch.setattr(manifest, "parse_manifest", _parse_manifest)
        for module in (writing, extend, repair):
            patch.setattr(module, "manifest_of", _manifest_of)
        patch.setattr(chunk_writer, "run", _run)
        patch.setattr(verify, "run", _run)
        patch.setattr(Blocks, "compute_each", _compute_each)
        patch.setattr(Blocks, "independent", lambda _: True)
        patch.setattr(Blocks, "has_few_tasks", lambda _: True)
        yield


_remembered: dict[Any, Any] = {}


def _once(key: Any, function: Callable[[], Any]) -> Any:
    if key not in _remembered:
        _remembered[key] = function()
    return _remembered[key]


_real_zarr_files, _real_parse, _real_manifest_of = (
    metadata.zarr_files,
    manifest.parse_manifest,
    array_manifest.manifest_of,
)
_real_compute_each = Blocks.compute_each


def _zarr_files(of: Any, arrays: Any) -> Any:
    mean = arrays.get("mean")
    key = ("files", of.identity, None if mean is None else mean.tobytes())
    return dict(_once(key, lambda: _real_zarr_files(of, arrays)))


def _parse_manifest(text: bytes, path: str) -> Any:
    return _once(("manifest", text), lambda: _real_parse(text, path))


def _manifest_of(array: Any, *more: Any) -> Any:
    return _once(("of", array.name, array.chunks, repr(more)), lambda: _real_manifest_of(array, *more))


def _run(work: Any, numbers: Any, *_: Any) -> Iterator[Any]:
    yield from work(numbers)


def _compute_each(blocks: Blocks, numbers: Sequence[int], use: Callable[[int, Any], object]) -> None:
    for number in numbers:
        if ("block", blocks.key(number)) not in _remembered:
            _real_compute_each(blocks, [number], partial(_remember_block, blocks))
        use(number, _remembered["block", blocks.key(number)])


def _remember_block(blocks: Blocks, number: int, block: Any) -> None:
    _remembered["block", blocks.key(number)] = block


def new_history(kind: str, known: Sequence[Spec]) -> History:
    simulation = Simulation(LEASE_SECONDS)
    medium, place = PLACES[kind](simulation)
    simulation.on_jump.append(medium.renew_leases)
    storage = place(medium)
    _current[:] = [storage]
    return History(medium, {spec.manifest.text: spec for spec in known})


@cache
def uninterrupted(kind: str, calls: tuple[Call, ...]) -> Files:
    """What calls leave that nothing interrupts."""
    before = list(_current)
    try:
        history = new_history(kind, [])
        for call in calls:
            call.run()
        return {key: file.content for key, file in history.medium.files.items()}
    finally:
        _current[:] = before


def run_history(case: Case, kind: str, decide: Decide) -> History:
    """A case in a kind of place."""
    history = new_history(kind, [call.spec for call in (*case.before, *case.calls)])
    for key, content in uninterrupted(kind, case.before).items():
        if key not in case.lost:
            history.medium.put(key, content)
    history.changed("")
    history.run(case.calls, decide)
    return history
