"""Jobs in a bucket that are stopped by SIGSTOP for longer than their lease, right before a request, and then go on."""

import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import dask
import pytest

import mvn_dask
from mvn_dask.errors import StoreError
from mvn_dask.store.storage.object import ObjectStorage
from tests.support.pausing import DEADLINE, start, wait_for
from tests.support.s3 import Prefix
from tests.support.stores import LEASES, local_files, sample

LEASE_SECONDS = 2
CHANGES = ("put", "put_new", "put_over", "copy", "erase", "erase_version")
TOGETHER = 5
"""Jobs that stand still at the same time."""
STRIDE = 7
"""Requests between two at which jobs are stopped."""


class Case(NamedTuple):
    """A job that is stopped amid its work, and one that takes over."""

    late: str
    takes_over: str


def other(seed: int = 2) -> Any:
    return sample(700, seed=seed)


def overwrite(array: Any, place: Prefix) -> None:
    mvn_dask.to_zarr(array, place.url, overwrite=True, storage_options=place.options)


CALLS: dict[str, Callable[[Prefix], object]] = {
    "write": lambda place: mvn_dask.to_zarr(sample(), place.url, storage_options=place.options),
    "overwrite": lambda place: overwrite(other(), place),
    "overwrite again": lambda place: overwrite(other(3), place),
    "overwrite with the same": lambda place: overwrite(sample(), place),
    "extend": lambda place: mvn_dask.extend(place.url, 500, storage_options=place.options),
    "repair": lambda place: mvn_dask.repair(place.url, storage_options=place.options),
}
LEFT = {"overwrite again": lambda: other(3), "overwrite": other, "overwrite with the same": sample}
_one_call = threading.Lock()
"""Held for calls in this process, whose local schedulers share their callbacks."""


def run_stopped(call: str, place: Prefix, step: int, report: Path) -> None:
    """Stop this process right before the `step`-th request that changes something, and say how it ended."""
    requests = 0

    def stopping(real: Callable[..., Any]) -> Callable[..., Any]:
        def change(storage: ObjectStorage, key: str, *arguments: Any) -> Any:
            nonlocal requests
            requests += 1
            if requests == step:
                os.kill(os.getpid(), signal.SIGSTOP)
            return real(storage, key, *arguments)

        return change

    for name in CHANGES:
        setattr(ObjectStorage, name, stopping(getattr(ObjectStorage, name)))
    with dask.config.set({"mvn_dask.lease": LEASE_SECONDS, "scheduler": "synchronous"}):
        try:
            CALLS[call](place)
        except StoreError as error:
            report.write_text(f"{type(error).__name__}: {error}")
        else:
            report.write_text(f"done after {requests} requests")


def is_stopped(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
    except FileNotFoundError:
        return False


def suspend(case: Case, place: Prefix, step: int, folder: Path) -> str | None:
    """What the late job says in the end, or None where it ends before that step; the other's store is as it was."""
    if case.late != "write":
        with _one_call:
            CALLS["write"](place)
        if case.late == "repair":
            place.delete("samples/c/1/0")
    report = folder / str(step)
    job = start(run_stopped, case.late, place, step, report)
    assert job.pid is not None
    pid = job.pid
    wait_for(lambda: is_stopped(pid) or not job.is_alive(), "a job that is stopped, or ends")
    if not job.is_alive():
        assert report.read_text().startswith("done")
        return None
    time.sleep(LEASE_SECONDS + 3)  # S3 counts whole seconds, and leases expire a second later than they say
    with _one_call:
        CALLS[case.takes_over](place)
    before = place.tree()
    os.kill(pid, signal.SIGCONT)
    job.join(DEADLINE)
    assert job.exitcode == 0
    left = {key: content for key, content in place.tree().items() if not key.startswith(LEASES)}
    assert left == {key: content for key, content in before.items() if not key.startswith(LEASES)}, step
    return report.read_text()


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(Case("overwrite", "overwrite again"), marks=pytest.mark.slow),
        pytest.param(Case("overwrite", "overwrite with the same"), marks=pytest.mark.slow),
        pytest.param(Case("extend", "overwrite"), marks=pytest.mark.slow),
        pytest.param(Case("write", "overwrite"), marks=pytest.mark.faults),
        pytest.param(Case("repair", "overwrite"), marks=pytest.mark.slow),
    ],
    ids=" then ".join,
)
def test_who_wakes_late_changes_nothing(case: Case, prefix: Prefix, tmp_path: Path) -> None:
    """At every seventh request of those that change something, and so amid chunks, the commit and deletions."""
    with dask.config.set(scheduler="synchronous"), ThreadPoolExecutor(TOGETHER) as pool:
        found: list[str] = []
        for first in range(2, 1000, STRIDE * TOGETHER):
            steps = range(first, first + STRIDE * TOGETHER, STRIDE)
            said = list(pool.map(lambda step: suspend(case, prefix.below(str(step)), step, tmp_path), steps))
            found += [each for each in said if each is not None]
            if None in said:
                break
    expected = local_files(tmp_path / "expected", LEFT[case.takes_over]())
    place = prefix.below("2")
    assert {key: content for key, content in place.tree().items() if not key.startswith(LEASES)} == expected
    errors = [each for each in found if not each.startswith("done")]
    assert len(errors) >= 2
    assert all(each.count("\n") == 0 for each in errors)
    assert any("another job has taken" in each or "was overwritten" in each for each in errors)
    # Only who had nothing left to do but to delete its lease has succeeded.
    assert len(found) - len(errors) <= 2, found
