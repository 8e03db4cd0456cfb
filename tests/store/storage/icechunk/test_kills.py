"""Kills at every step by which a job changes a repository, and at random moments: what is left, and how it goes on.

Whatever was killed, readers of the branch see the store before or the store after, whole, and the same call ends in the
bytes of a run that nobody disturbed.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

import mvn_dask
from mvn_dask.errors import NotAStoreError
from mvn_dask.store.storage.addressing import open_storage
from tests.support.pausing import CHUNKS, DEADLINE, end, rows, start, wait_for
from tests.support.repositories import contents, has_repository, repository_in, url_of
from tests.support.repository_kills import act_and_die, extend, overwrite, write, write_down_steps, write_many

Action = Callable[[Path], None]

BEFORE: dict[Action, list[Action]] = {write: [], overwrite: [write], extend: [write]}
"""Actions, and what is done before them."""


def seen_by_readers(folder: Path) -> dict[str, bytes]:
    """The files of the branch that readers open."""
    head = repository_in(folder).lookup_branch("main")
    return contents(open_storage(url_of(folder, f"?snapshot={head}")))


def prepare(action: Action, folder: Path) -> None:
    for each in BEFORE[action]:
        each(folder)


@cache
def undisturbed(action: Action) -> tuple[dict[str, bytes], dict[str, bytes], list[str]]:
    """What readers see before and after, and the names of the steps."""
    with TemporaryDirectory() as name:
        folder, names = Path(name) / "repository", Path(name) / "steps"
        prepare(action, folder)
        before = seen_by_readers(folder) if BEFORE[action] else {}
        end(start(write_down_steps, action, folder, names))
        return before, seen_by_readers(folder), names.read_text().split()


def kill_and_go_on(action: Action, step: int, folder: Path) -> None:
    before, after, names = undisturbed(action)
    prepare(action, folder)
    end(start(act_and_die, action, folder, step), 9)
    where = f"killed before step {step}, {names[step - 1]}"
    if has_repository(folder):
        assert seen_by_readers(folder) in (before, after), where
    else:
        with pytest.raises(NotAStoreError):
            mvn_dask.status(url_of(folder))
    action(folder)
    assert seen_by_readers(folder) == after, where
    assert repository_in(folder).list_branches() == {"main"}, where
    assert mvn_dask.verify(url_of(folder), level="checksum").ok, where
    beside = [path.name for path in folder.parent.iterdir() if path != folder]
    assert all(name.endswith(".partial") for name in beside), where


def turns(names: list[str]) -> list[int]:
    """Steps before which the repository is not as before the one ahead of them: files wait for a commit."""
    return [number for number, name in enumerate(names, 1) if name not in {"set", "delete"}]


@pytest.mark.faults
@pytest.mark.parametrize("action", BEFORE)
def test_a_kill_before_each_change_of_the_repository(action: Action, tmp_path: Path) -> None:
    for step in turns(undisturbed(action)[2]):
        kill_and_go_on(action, step, tmp_path / str(step) / "repository")


@pytest.mark.slow
@pytest.mark.parametrize("action", BEFORE)
def test_a_kill_before_each_file(action: Action, tmp_path: Path) -> None:
    names = undisturbed(action)[2]
    for step in sorted(set(range(1, len(names) + 1)) - set(turns(names))):
        kill_and_go_on(action, step, tmp_path / str(step) / "repository")


def kill_at_random(seed: int, folder: Path) -> None:
    """Two jobs at once, killed at random moments, three times; then both to the end."""
    moments = np.random.default_rng(seed)
    for _ in range(3):
        jobs = [start(write_many, folder) for _ in range(2)]
        wait_for(lambda: has_repository(folder), "a repository")
        for job in jobs:
            time.sleep(moments.uniform(0, 0.3))
            job.kill()
            job.join(DEADLINE)
        with suppress(NotAStoreError):  # before the first commit
            assert 0 <= mvn_dask.status(url_of(folder)).done <= CHUNKS
    for job in [start(write_many, folder) for _ in range(2)]:
        end(job)
    np.testing.assert_array_equal(mvn_dask.from_zarr(url_of(folder)), rows())
    assert repository_in(folder).list_branches() == {"main"}
    assert mvn_dask.verify(url_of(folder), level="values").ok


@pytest.mark.faults
def test_kills_at_random_moments(tmp_path: Path) -> None:
    kill_at_random(1, tmp_path / "repository")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 40))
def test_kills_at_more_moments(seed: int, tmp_path: Path) -> None:
    kill_at_random(seed, tmp_path / "repository")
