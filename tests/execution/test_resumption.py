"""Whatever ends a call, its error says how to go on, and whoever does that keeps every chunk."""

import errno
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import pytest

import mvn_dask
from mvn_dask.errors import JobCancelledError, MvnDaskError, NoSpaceError, UnfinishedStoreError, WorkersLostError
from mvn_dask.execution.cancellation import CancelToken, cancellable
from mvn_dask.execution.resumption import SAME_CALL, resumed_by, way_on
from mvn_dask.job.running import run
from tests.execution.test_cancellation import stop_after
from tests.support.jobs import job_in
from tests.support.stores import sample

WITHOUT = "the same {call} without overwrite=True goes on"


def test_what_the_user_has_called_counts() -> None:
    with resumed_by("call A again"):
        with resumed_by("call B again"):
            assert way_on() == "call A again"
        assert way_on() == "call A again"
    assert way_on() == SAME_CALL


def fail(block: Any, store: str, gate: str, end: str) -> Any:
    """Whichever block comes after two chunks of the sample fails, unless there is the gate."""
    if len(times(Path(store))) == 2 and not Path(gate).exists():
        if end == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        raise OSError(int(end), os.strerror(int(end)))
    return block


def ended(call: Callable[[], object], kind: type[MvnDaskError], store: Path, clause: str) -> None:
    """The call ends with the error, after which two of its chunks are there."""
    with dask.config.set(scheduler="synchronous" if kind is not WorkersLostError else "processes", num_workers=1):
        with pytest.raises(kind) as caught:
            call()
        assert caught.value.advice is not None
        assert clause in caught.value.advice.text
        assert "None" not in str(caught.value)
    assert mvn_dask.status(store).done == 2


def times(store: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in (store / "samples" / "c").rglob("0") if path.is_file()}


@pytest.mark.parametrize("overwrite", [True, False])
@pytest.mark.parametrize(
    ("end", "kind"),
    [
        (str(errno.ENOSPC), NoSpaceError),
        (str(errno.EFBIG), NoSpaceError),
        pytest.param("kill", WorkersLostError, marks=pytest.mark.faults),
    ],
)
def test_after_an_error_the_way_on_keeps_what_was_written(
    end: str, kind: type[MvnDaskError], overwrite: bool, tmp_path: Path
) -> None:
    store, gate = tmp_path / "store", tmp_path / "gate"
    if overwrite:
        mvn_dask.to_zarr(sample(seed=2), store)
    y = da.map_blocks(fail, sample(), store=str(store), gate=str(gate), end=end, dtype=float)
    ended(lambda: mvn_dask.to_zarr(y, store, overwrite=overwrite), kind, store, WITHOUT if overwrite else SAME_CALL)
    written = times(store)
    gate.touch()
    mvn_dask.to_zarr(y, store)
    assert mvn_dask.status(store).complete
    assert written.items() < times(store).items()


def test_after_a_stop_the_way_on_keeps_what_was_written(tmp_path: Path) -> None:
    x, token = sample(2000, chunks=10), CancelToken()
    mvn_dask.to_zarr(sample(seed=2), tmp_path)
    with (
        dask.config.set(scheduler="synchronous"),
        cancellable(token),
        stop_after(5, token),
        pytest.raises(JobCancelledError, match="what was written stays: the same call without overwrite=True goes on"),
    ):
        mvn_dask.to_zarr(x, tmp_path, overwrite=True)
    written = times(tmp_path)
    assert written
    mvn_dask.to_zarr(x, tmp_path)
    assert written.items() < times(tmp_path).items()


def test_a_job_that_overwrites_goes_on_by_the_same_call(tmp_path: Path) -> None:
    job = job_in(tmp_path, output={"overwrite": True}, sample={"size": 2000, "chunks": 10})
    store, token = tmp_path / "samples.zarr", CancelToken()
    mvn_dask.to_zarr(sample(seed=2), store)
    with (
        cancellable(token),
        stop_after(5, token),
        pytest.raises(JobCancelledError, match="stays: the same call goes on"),
    ):
        run(job)
    written = times(store)
    assert written
    assert run(job).complete
    assert written.items() < times(store).items()


def test_an_extension_goes_on_by_repair(tmp_path: Path) -> None:
    token = CancelToken()
    mvn_dask.to_zarr(sample(chunks=10), tmp_path)
    repairs = "stays: mvn_dask.repair completes it"
    with cancellable(token), stop_after(5, token), pytest.raises(JobCancelledError, match=repairs):
        mvn_dask.extend(tmp_path, 2000)
    with pytest.raises(UnfinishedStoreError, match=r"call mvn_dask.repair first"):
        mvn_dask.extend(tmp_path, 2000)
    written = times(tmp_path)
    mvn_dask.repair(tmp_path)
    assert mvn_dask.status(tmp_path).complete
    assert written.items() < times(tmp_path).items()
