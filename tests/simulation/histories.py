"""Histories of a store: what jobs do to it in one order of their steps, and what must hold in every such order.

Input: a kind of place, what lies there, calls, and when each is interrupted. Output: a `History`, whose `faults` are
sentences. What is checked:

- no step leaves a file that is wrong for the manifest that lies there, and no manifest takes wrong chunks for its own;
- whoever overslept, while another job succeeded, changes nothing of a finished store;
- when a call succeeds, the store is complete, byte for byte, or has already become another's;
- a store that says it is complete is, byte for byte;
- a call that fails says why, in one line;
- afterwards the next job that overwrites succeeds, and leaves nothing but its store.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import product
from typing import NamedTuple

import dask.array as da
import numpy as np

import mvn_dask
from mvn_dask.errors import StoreError
from mvn_dask.store.array_manifest import manifest_of
from mvn_dask.store.format.chunk_listing import parse_key
from mvn_dask.store.format.layout import chunk_fault, decode
from mvn_dask.store.format.manifest import Manifest
from mvn_dask.store.storage.base import MANIFEST_KEY, Storage
from mvn_dask.store.storage.placeholder import is_placeholder
from tests.simulation.medium import Medium
from tests.simulation.scheduling import Action, Decide, Job, Simulation

URL = "memory://simulation"
NORMAL = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0)
LEASE_SECONDS = 600.0

Files = dict[str, bytes]
Place = Callable[[Medium], Storage]


class Spec(NamedTuple):
    """A sample in chunks of two rows."""

    seed: int
    rows: int

    @property
    def array(self) -> da.Array:
        return _array(self)

    @property
    def manifest(self) -> Manifest:
        return manifest_of(self.array)[0]


@cache
def _array(spec: Spec) -> da.Array:
    return NORMAL.sample(spec.rows, seed=spec.seed, chunks=2)


class Call(NamedTuple):
    """What a job does."""

    what: str
    spec: Spec
    """What the store is when it succeeds."""
    part: tuple[int, int] | None = None
    rows: int = 0

    def __str__(self) -> str:
        return f"{self.what} {tuple(self.spec)}{'' if self.part is None else f' part {self.part}'}"

    def run(self) -> None:
        if self.what == "extend":
            mvn_dask.extend(URL, self.rows)
        elif self.what == "repair":
            mvn_dask.repair(URL)
        else:
            mvn_dask.to_zarr(self.spec.array, URL, overwrite=self.what == "overwrite", part=self.part)


class Case(NamedTuple):
    """Jobs, and what lies there before they begin."""

    calls: tuple[Call, ...]
    before: tuple[Call, ...] = ()
    """Calls that nothing interrupts."""
    lost: tuple[str, ...] = ()
    """Files that were lost since."""


Plan = Mapping[tuple[int, int], Action]
"""What happens to a job, by its number, before one of its steps, by that number."""


@dataclass
class History:
    """One order of steps, and what was wrong with it."""

    medium: Medium
    known: Mapping[bytes, Spec]
    """The samples in question, by the texts of their manifests."""
    jobs: list[Job] = field(default_factory=list)
    calls: Sequence[Call] = ()
    faults: list[str] = field(default_factory=list)
    complete: Spec | None = None
    """What was complete before the last change."""

    @property
    def simulation(self) -> Simulation:
        return self.medium.simulation

    def files(self) -> Files:
        """What lies there, without what serves to write it."""
        return {key: content for key, file in self.medium.files.items() if (content := visible(key, file.content))}

    def spec(self, files: Files) -> Spec | None:
        return self.known.get(files.get(MANIFEST_KEY, b""))

    def changed(self, key: str) -> None:
        """Look at the store after each change."""
        job, files = self.simulation.job, self.files()
        who = "before" if job is None else job.name
        spec = self.spec(files)
        if spec is not None:
            keys = files if key == MANIFEST_KEY else {key} & files.keys()
            wrong = [each for each in keys if is_wrong(spec, each, files[each], whole_only=key == MANIFEST_KEY)]
            if wrong:
                self.faults.append(f"{who} left {wrong} wrong for {spec}")
        before, self.complete = self.complete, spec if spec and is_complete(spec, files) else None
        if before is not None and self.complete != before and job is not None and job.overslept:
            self.faults.append(f"{who} overslept, and changed {key} of a finished store of {before}")

    def succeeded(self, call: Call) -> None:
        """Look at the store when a call has succeeded."""
        files = self.files()
        spec = self.spec(files)
        if call.part is None and spec == call.spec and not is_complete(call.spec, files):
            self.faults.append(f"{call} succeeded, and its store is not complete")

    def run(self, calls: Sequence[Call], decide: Decide) -> None:
        self.calls = calls
        self.medium.on_change = self.changed

        def live(call: Call) -> None:
            call.run()
            self.succeeded(call)

        self.simulation.run([(f"{number}: {call}", partial(live, call)) for number, call in enumerate(calls)], decide)
        self.jobs = self.simulation.jobs
        errors = {job.name: job.error for job in self.jobs if not (job.error is None or job.dead)}
        for name, error in errors.items():
            if not isinstance(error, StoreError) or "\n" in str(error):
                self.faults.append(f"{name} failed with {error!r}")
        files = self.files()
        spec = self.spec(files)
        if spec is not None and says_complete() and not is_complete(spec, files):
            self.faults.append(f"it says that it is complete, and is no store of {spec}")

    def recover(self, spec: Spec) -> None:
        """Overwrite what is left, when all leases are over."""
        self.simulation.now += 2 * LEASE_SECONDS
        self.complete = None
        mvn_dask.to_zarr(spec.array, URL, overwrite=True)
        left = {key: file.content for key, file in self.medium.files.items() if not is_lock(key)}
        if not self.medium.deletes:
            left = self.files()
        if left != fresh(spec):
            different = sorted(key for key in left.keys() | fresh(spec).keys() if left.get(key) != fresh(spec).get(key))
            self.faults.append(f"the next job leaves {different}")


def says_complete() -> bool:
    try:
        return mvn_dask.status(URL).complete
    except StoreError:
        return False


def is_lock(key: str) -> bool:
    return key in {".mvn_dask/lock", ".mvn_dask/create-lock"}


def is_transient(key: str) -> bool:
    return is_lock(key) or key.startswith(".mvn_dask/leases/") or key.endswith(".partial")


def visible(key: str, content: bytes) -> bytes | None:
    """The content, or None where it stands for no file."""
    return None if is_transient(key) or (key != MANIFEST_KEY and is_placeholder(content)) else content


@cache
def fresh(spec: Spec) -> Files:
    """The store of an uninterrupted run, in a bucket."""
    from tests.simulation.places import uninterrupted

    return uninterrupted("bucket", (Call("write", spec),))


def is_wrong(spec: Spec, key: str, content: bytes, *, whole_only: bool) -> bool:
    """Whether a file is none of the store; `whole_only` for a chunk of another size, which counts as missing."""
    expected = fresh(spec).get(key)
    if expected == content:
        return False
    index = parse_key(spec.manifest, key)
    if index is None or expected is None:
        return not whole_only
    if len(content) != len(expected):
        return not whole_only
    # Rows in the padding do no harm: an extension that was interrupted leaves them there.
    array = np.frombuffer(content, np.uint8)
    if chunk_fault(spec.manifest, array) is not None:
        return True
    ours = decode(spec.manifest, index, np.frombuffer(expected, np.uint8))
    return bool((decode(spec.manifest, index, array) != ours).any())


def is_complete(spec: Spec, files: Files) -> bool:
    return all(key in files and not is_wrong(spec, key, files[key], whole_only=False) for key in fresh(spec))


def by_plan(plan: Plan) -> Decide:
    """Decisions that follow a plan, each once."""
    left = dict(plan)

    def decide(job: Job) -> Action:
        return left.pop((int(job.name.partition(":")[0]), job.steps), "go")

    return decide


def by_chance(generator: random.Random, rate: float) -> Decide:
    """Interrupt jobs at random, one step in `1 / rate`."""

    def decide(job: Job) -> Action:
        if job.log and generator.random() < rate:
            return generator.choice(("switch", "switch", "suspend", "kill"))
        return "go"

    return decide


def histories(
    run: Callable[[Plan], History], calls: int, actions: Sequence[Action], depth: int = 1, stride: int = 1
) -> Iterator[tuple[Plan, History]]:
    """Every history in which jobs are interrupted up to `depth` times, each at every step, or every `stride`-th."""

    def deeper(plan: dict[tuple[int, int], Action], left: int) -> Iterator[tuple[Plan, History]]:
        for number, action in product(range(calls), actions):
            # In the order in which they are made, so that no plan comes twice.
            step = max((step for job, step in plan if job == number), default=-1) + 1
            while True:
                longer = {**plan, (number, step): action}
                history = run(longer)
                if history.jobs[number].steps < step:
                    break
                yield longer, history
                if left > 1:
                    yield from deeper(longer, left - 1)
                step += stride

    yield {}, run({})
    yield from deeper({}, depth)
