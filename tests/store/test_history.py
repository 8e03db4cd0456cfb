"""Random histories of a store, killed, damaged and repaired, against a model of plain numpy."""

import os
import sys
from contextlib import suppress
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import dask
import dask.array as da
import google_crc32c
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

import mvn_dask
from mvn_dask.errors import (
    DamagedChunkError,
    DamagedManifestError,
    NotAStoreError,
    StorageNotEmptyError,
    UnfinishedStoreError,
)
from tests.support.damage import BAD, FAULTS, LEVELS, chunk
from tests.support.stores import die_at, tree

MANIFEST_KEY = ".mvn_dask/manifest.json"
WATCHED = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir"}


class Spec(NamedTuple):
    """A named sample of 2 variables in one stripe, or a wide one in stripes of 128 rows."""

    seed: int
    rows: int
    chunk: int
    wide: bool

    @property
    def moments(self) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        if self.wide:
            return np.linspace(-1, 1, 520), np.diag(np.linspace(1, 2, 520))
        return np.array([0.0, 1.0]), np.array([[2.0, 1.0], [1.0, 2.0]])

    @property
    def grid(self) -> int:
        return -(-self.rows // self.chunk)

    def sample(self) -> da.Array:
        mean, cov = self.moments
        if self.wide:
            normal = mvn_dask.MultivariateNormal(mean, np.diagonal(cov))
        else:
            frame = pd.DataFrame(cov, index=["oil", "gas"], columns=["oil", "gas"])
            normal = mvn_dask.MultivariateNormal(mean, frame, method="cholesky")
        return normal.sample(self.rows, seed=self.seed, chunks=self.chunk)

    def numpy_rows(self) -> npt.NDArray[Any]:
        """The rows as numpy alone draws them."""
        mean, cov = self.moments
        factor, height = np.linalg.cholesky(cov), mvn_dask.stripe_height(len(mean))
        call = np.random.SeedSequence(self.seed).spawn(1)[0]
        streams = call.spawn(-(-self.rows // height))
        noise = [np.random.Generator(np.random.SFC64(each)).standard_normal((height, len(mean))) for each in streams]
        drawn: npt.NDArray[Any] = np.concatenate(noise)[: self.rows] @ factor.T + mean
        return drawn


class Fresh(NamedTuple):
    """What an uninterrupted run leaves."""

    files: dict[str, bytes]
    rows: npt.NDArray[Any]


@cache
def fresh(spec: Spec) -> Fresh:
    with TemporaryDirectory() as folder, dask.config.set(scheduler="synchronous"):
        mvn_dask.to_zarr(spec.sample(), folder)
        rows = spec.sample().compute()
        np.testing.assert_allclose(rows, spec.numpy_rows(), rtol=1e-12, atol=1e-12)
        return Fresh(tree(Path(folder)), rows)


SPECS = [
    Spec(1, 100, 30, wide=False),
    Spec(2, 150, 20, wide=False),
    Spec(3, 300, 150, wide=True),
    Spec(4, 9, 9, wide=True),
]


class TaskCancelled(BaseException):
    """What Ctrl-C is like, at a step that a test chose."""


class Trap:
    """Raises at the n-th touch of a folder; hooks stay for ever, so there is one."""

    folder, left = "", 0

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.left and event in WATCHED and arguments[0] is not None and self.folder in str(arguments[0]):
            self.left -= 1
            if not self.left:
                raise TaskCancelled


TRAP = Trap()
sys.addaudithook(TRAP)


def act(action: str, folder: Path, spec: Spec, *, rows: int = 0) -> None:
    with dask.config.set(scheduler="synchronous"):
        if action == "repair":
            mvn_dask.repair(folder, level="values", full=True, array=spec.sample())
        elif action == "extend":
            mvn_dask.extend(folder, rows)
        else:
            mvn_dask.to_zarr(spec.sample(), folder, overwrite=action == "overwrite")


def act_and_die(step: int, action: str, folder: Path, spec: Spec, rows: int) -> None:
    die_at(step, folder)
    with suppress(UnfinishedStoreError, DamagedManifestError, StorageNotEmptyError):
        act(action, folder, spec, rows=rows)
    os._exit(0)


class History(RuleBasedStateMachine):
    """A store and what it should hold. What is bad is found by looking at its files, without mvn_dask."""

    def __init__(self) -> None:
        super().__init__()
        self.place = TemporaryDirectory()
        self.folder = Path(self.place.name) / "store"
        self.spec: Spec | None = None
        self.deaths = 0

    def teardown(self) -> None:
        try:
            if self.spec is not None:
                self.repair("values", with_array=True)
        finally:
            self.place.cleanup()

    def look(self, *candidates: Spec | None) -> None:
        """Which manifest lies there; after an interruption it may be one or the other, or none."""
        path = self.folder / MANIFEST_KEY
        there = path.read_bytes() if path.exists() else None
        known = {None if spec is None else fresh(spec).files[MANIFEST_KEY]: spec for spec in candidates}
        assert there in known
        self.spec = known[there]

    def bad(self, level: str) -> list[int]:
        """Chunks that are bad, as far as a level sees."""
        assert self.spec is not None
        return [number for number in range(self.spec.grid) if not self.is_good(number, level)]

    def is_good(self, number: int, level: str) -> bool:
        assert self.spec is not None
        path, expected = chunk(self.folder, number), fresh(self.spec).files[f"samples/c/{number}/0"]
        if path.is_symlink() or not path.is_file() or path.stat().st_size != len(expected):
            return False
        content = path.read_bytes()
        if level == "size" or content == expected:
            return True
        if google_crc32c.value(content[:-4]).to_bytes(4, "little") != content[-4:]:
            return False
        # An extension that was killed may leave rows in place of padding, and nobody minds.
        used = 8 * len(self.spec.moments[0]) * min(self.spec.chunk, self.spec.rows - number * self.spec.chunk)
        return level == "checksum" or content[:used] == expected[:used]

    def faults(self) -> set[str]:
        """Other files of the store that are not as they should be; where it was begun is no matter."""
        assert self.spec is not None
        keys = {key for key in fresh(self.spec).files if not key.startswith("samples/c/")}
        keys -= {".mvn_dask/writer.json", ".mvn_dask/lock", ".mvn_dask/create-lock"}
        return {
            key
            for key in keys
            if (path := self.folder / key).is_symlink()
            or not path.is_file()
            or path.stat().st_size > 10**6
            or path.read_bytes() != fresh(self.spec).files[key]
        }

    def lacks_arrays(self) -> bool:
        return any(key.endswith(".npy") for key in self.faults())

    @initialize(spec=st.sampled_from(SPECS))
    def begin(self, spec: Spec) -> None:
        act("write", self.folder, spec)
        self.look(spec)

    @rule(part=st.none() | st.sampled_from([(0, 2), (1, 2), (2, 3)]), spec=st.sampled_from(SPECS))
    def write(self, part: tuple[int, int] | None, spec: Spec) -> None:
        spec = self.spec or spec
        try:
            mvn_dask.to_zarr(spec.sample(), self.folder, part=part)
        except DamagedManifestError:
            assert self.faults(), "only where Zarr's documents contradict"
            return
        self.look(spec)
        i, n = part or (0, 1)
        start, stop = i * spec.grid // n, (i + 1) * spec.grid // n
        assert not [number for number in self.bad("size") if start <= number < stop]

    @rule(spec=st.sampled_from(SPECS))
    def overwrite(self, spec: Spec) -> None:
        special = [path for path in self.folder.rglob("*") if path.is_symlink() or path.is_fifo()]
        if special:
            with pytest.raises(StorageNotEmptyError, match="is a link, a pipe, a folder or the like"):
                act("overwrite", self.folder, spec)
            self.look(self.spec)
            for path in special:
                path.unlink()
        act("overwrite", self.folder, spec)
        assert tree(self.folder) == fresh(spec).files
        self.look(spec)

    @precondition(lambda self: self.spec is not None)
    @rule(kind=st.sampled_from(sorted(BAD)), numbers=st.sets(st.integers(0, 9), min_size=1, max_size=4))
    def damage(self, kind: str, numbers: set[int]) -> None:
        assert self.spec is not None
        for number in sorted({number % self.spec.grid for number in numbers}):
            path = chunk(self.folder, number)
            if self.is_good(number, "values") and (kind != "another chunk" or (number and self.is_good(0, "values"))):
                BAD[kind][0](path)

    @precondition(lambda self: self.spec is not None)
    @rule(kind=st.sampled_from(sorted(FAULTS)))
    def spoil(self, kind: str) -> None:
        key, harm, _ = FAULTS[kind]
        if self.spec is not None and key in fresh(self.spec).files and key not in self.faults():
            harm(self.folder / key)

    @rule(
        action=st.sampled_from(["write", "overwrite", "repair", "extend"]),
        step=st.integers(1, 70),
        spec=st.sampled_from(SPECS),
        rows=st.integers(1, 40),
        death=st.booleans(),
    )
    def interrupt(self, action: str, step: int, spec: Spec, rows: int, *, death: bool) -> None:
        """At any step of any action, by an exception or by the end of the process."""
        if self.spec is None and action in {"repair", "extend"}:
            action = "write"
        if action != "overwrite" and self.spec is not None:
            spec = self.spec
        aim = spec._replace(rows=spec.rows + rows) if action == "extend" else spec
        if death and self.deaths < 1:
            self.deaths += 1
            job = get_context("forkserver").Process(target=act_and_die, args=(step, action, self.folder, spec, rows))
            job.start()
            job.join(120)
            assert job.exitcode in {0, 9}, "None is a process that waits for ever"
        else:
            TRAP.folder, TRAP.left = str(self.folder), step
            with suppress(TaskCancelled, UnfinishedStoreError, DamagedManifestError, StorageNotEmptyError):
                act(action, self.folder, spec, rows=rows)
            TRAP.left = 0
        self.look(self.spec, aim, None)

    @rule(level=st.sampled_from(LEVELS), full=st.booleans())
    def verify(self, level: Any, *, full: bool) -> None:
        if self.spec is None:
            with pytest.raises(NotAStoreError):
                mvn_dask.verify(self.folder, level=level)
        elif level == "values" and self.lacks_arrays():
            with pytest.raises(DamagedManifestError):
                mvn_dask.verify(self.folder, level=level)
        else:
            report = mvn_dask.verify(self.folder, level=level, full=full and level == "values")
            assert [index for index, _ in report.bad] == self.bad(level)
            assert set(report.faults) == self.faults()
            assert not report.unknown_files
            assert report.ok is not bool(report.bad or report.faults)

    @precondition(lambda self: self.spec is not None)
    @rule(level=st.sampled_from(LEVELS), with_array=st.booleans())
    def repair(self, level: Any, *, with_array: bool) -> None:
        assert self.spec is not None
        bad, faults = self.bad(level), self.faults()
        if self.lacks_arrays() and not with_array:
            with pytest.raises(DamagedManifestError):
                mvn_dask.repair(self.folder, level=level)
            return
        array = self.spec.sample() if with_array else None
        done = mvn_dask.repair(self.folder, level=level, full=level == "values", array=array)
        assert [index for index, _ in done.chunks] == bad
        assert set(done.files) == faults
        assert not self.bad(level)
        assert not self.faults()
        if level == "values":
            files, expected = tree(self.folder), fresh(self.spec).files
            assert {key for key in files if files[key] != expected[key]} <= {
                f"samples/c/{self.spec.rows // self.spec.chunk}/0"
            }
            assert files.keys() == expected.keys()
            assert not any(path.is_symlink() or path.is_fifo() for path in self.folder.rglob("*"))

    @precondition(lambda self: self.spec is not None)
    @rule(rows=st.integers(1, 40))
    def extend(self, rows: int) -> None:
        assert self.spec is not None
        longer = self.spec._replace(rows=self.spec.rows + rows)
        whole = not self.bad("values") and not self.faults()
        try:
            assert mvn_dask.extend(self.folder, rows).after[0] == longer.rows
        except (UnfinishedStoreError, DamagedManifestError):
            assert self.bad("size") or self.faults()
            return
        self.look(longer)
        assert not whole or tree(self.folder) == fresh(longer).files

    @invariant()
    def it_is_read_right_or_not_at_all(self) -> None:
        try:
            done, rows = mvn_dask.status(self.folder).done, mvn_dask.from_zarr(self.folder).compute()
        except NotAStoreError:
            assert self.spec is None
        except (UnfinishedStoreError, DamagedManifestError, DamagedChunkError):
            assert self.bad("checksum") or self.faults()
        else:
            assert self.spec is not None
            assert done == self.spec.grid
            same = np.all(rows == fresh(self.spec).rows, axis=1)
            swapped = {number for number in self.bad("values") if number not in self.bad("checksum")}
            assert set(np.flatnonzero(~same) // self.spec.chunk) == swapped


@pytest.mark.parametrize("examples", [2, pytest.param(500, marks=pytest.mark.slow)])
def test_any_history_ends_well(examples: int) -> None:
    checks = settings(
        derandomize=True,
        phases=[Phase.generate, Phase.shrink],
        max_examples=examples,
        stateful_step_count=30,
        suppress_health_check=list(HealthCheck),
    )
    with dask.config.set(scheduler="synchronous"):
        run_state_machine_as_test(History, settings=checks)
