import io
import os
import pty
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dask
import dask.array as da
import pytest

import mvn_dask
from mvn_dask.execution import progress as module
from mvn_dask.execution.progress import Progress, ProgressState, recent_rate, report_progress_to
from mvn_dask.readable import duration
from mvn_dask.store.status import Status

WRITE = """
import sys
import mvn_dask

def main():
    x = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(10**6, seed=1, chunks=2**17)
    if "cluster" in sys.argv:
        from distributed import Client, LocalCluster
        with LocalCluster(n_workers=1, dashboard_address="127.0.0.1:0") as cluster, Client(cluster):
            mvn_dask.to_zarr(x, sys.argv[1])
    else:
        mvn_dask.to_zarr(x, sys.argv[1])

if __name__ == "__main__":
    main()
"""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def reports(total: int, *counts: int) -> list[tuple[int, int, bool]]:
    """Positive counts are of tasks that have ended, negative ones of tasks that run."""
    found: list[tuple[int, int, bool]] = []

    def report(state: ProgressState) -> None:
        assert (state.unit, state.unit_bytes) == ("chunk", 8)
        found.append((state.done, state.total, state.ended))

    with report_progress_to(report), Progress(total, "chunk", 8) as progress:
        for count in counts:
            if count >= 0:
                progress.add(count)
            else:
                progress.note(-count)
    return found


def test_reports_to_a_callback(monkeypatch: pytest.MonkeyPatch) -> None:
    assert reports(5) == [(0, 5, False), (0, 5, True)]
    assert reports(0, 0) == []
    monkeypatch.setattr(module, "REPORT_SECONDS", 0.0)
    assert reports(5, 1, 1) == [(0, 5, False), (1, 5, False), (2, 5, False), (2, 5, True)]
    monkeypatch.setattr(module, "REPORT_SECONDS", 1e9)
    assert reports(5, 1, 1, 1, 2) == [(0, 5, False), (1, 5, False), (5, 5, False), (5, 5, True)], "first and last"


def test_a_unit_counts_once_however_it_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REPORT_SECONDS", 0.0)
    one_by_one = [(done, 4, False) for done in range(5)]
    assert reports(4, -1, -1, 2, -1, -1, 2) == [*one_by_one, (4, 4, True)]
    assert reports(4, 2, -1, -1, -1, 2) == [(0, 4, False), (2, 4, False), (3, 4, False), (4, 4, False), (4, 4, True)]
    # Done again after a worker was lost: never more than there is, and in the end what tasks have returned.
    assert reports(4, -3, -3, 3)[-2:] == [(4, 4, False), (3, 4, True)]


def test_counts_of_many_threads() -> None:
    with report_progress_to(lambda _: None), Progress(8000, "chunk", 8) as progress:

        def count(_: int) -> None:
            for _ in range(1000):
                progress.note(1)

        with ThreadPoolExecutor(8) as pool:
            assert len([*pool.map(count, range(8))]) == 8
        assert progress._done == 8000


def test_an_error_leaves_what_was_done() -> None:
    found: list[ProgressState] = []

    def fail() -> None:
        with report_progress_to(found.append), Progress(5, "chunk", 8) as progress:
            progress.note(3)
            raise ValueError("odd")

    with pytest.raises(ValueError, match="odd"):
        fail()
    assert (found[-1].done, found[-1].ended) == (3, True)


RATES: list[tuple[list[float], list[int], float | None]] = [
    ([], [], None),
    ([5.0], [1], None),
    ([5.0, 5.5], [1, 2], None),
    ([0.0, 10.0], [1, 2], 0.1),
    ([0.0, 10.0], [8, 16], 0.8),
    ([0.0, 3600.0, 3610.0, 3620.0], [1, 2, 3, 4], 0.1),
]


@pytest.mark.parametrize(("times", "counts", "rate"), RATES)
def test_the_rate_is_that_of_the_last_minute(times: list[float], counts: list[int], rate: float | None) -> None:
    assert recent_rate(times, counts) == rate


def test_text() -> None:
    state = ProgressState(5, 10, "chunk", 2**20, 4.0, 1.25, False)
    assert str(state) == "5 of 10 chunks, 5 MiB, 1.25 MiB/s, 4 s left"
    assert str(replace(state, done=10)) == "10 of 10 chunks, 10 MiB, 1.25 MiB/s"
    assert str(replace(state, done=0, total=1, rate=None)) == "0 of 1 chunk, 0 B"


def test_rate_and_time_left_are_those_of_status(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock that shows when the last chunk was written."""

    def last_written() -> float:
        return max((path.stat().st_mtime for path in tmp_path.glob("samples/c/*/*")), default=0.0)

    def compare(state: ProgressState) -> None:
        if state.done:
            pairs.append((state, mvn_dask.status(tmp_path)))

    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=last_written))
    for name in ("REPORT_SECONDS", "SPACING_SECONDS", "MIN_RATE_SECONDS"):
        monkeypatch.setattr(module, name, 0.001)
    pairs: list[tuple[ProgressState, Status]] = []
    slow = da.map_blocks(pause, mvn_dask.MultivariateNormal([0.0], 1.0).sample(80, seed=1, chunks=10), dtype="f8")
    with report_progress_to(compare), dask.config.set(scheduler="synchronous"):
        mvn_dask.to_zarr(slow, tmp_path)
    assert len(pairs) >= 8
    for state, status in pairs:
        assert (state.done, state.total - state.done) == (status.done, status.missing)
        if status.rate is None or state.rate is None:
            assert (state.done, state.rate, status.rate) == (1, None, None)
            continue
        assert state.rate * state.unit_bytes == pytest.approx(status.rate)
        if status.seconds_left is not None:
            assert str(state).endswith(f", {duration(status.seconds_left)} left")
            assert f", {duration(status.seconds_left)} left at that rate" in str(status)


def pause(rows: Any) -> Any:
    time.sleep(0.02)
    return rows


def test_a_bar_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = {}
    for stream in (io.StringIO(), Terminal()):
        monkeypatch.setattr(sys, "stderr", stream)
        with Progress(4, "chunk", 2**20) as progress:
            progress.add(1)
            progress.add(3)
        shown[stream.isatty()] = stream.getvalue()
    assert not shown[False]
    first, second, *_, last = shown[True].split("\r")[1:]
    assert first.startswith(f"[{' ' * 20}]   0% | 0 of 4 chunks, 0 B")
    assert second.startswith(f"[{'#' * 5:<20}]  25% | 1 of 4 chunks, 1 MiB")
    assert last == f"[{'#' * 20}] 100% | 4 of 4 chunks, 4 MiB\x1b[K\n"


@pytest.mark.slow
@pytest.mark.parametrize("where", ["threads", "cluster"])
def test_scripts_show_a_bar_in_a_terminal_and_nothing_elsewhere(where: str, tmp_path: Path) -> None:
    script = tmp_path / "write.py"
    script.write_text(WRITE)
    command = [sys.executable, str(script), str(tmp_path / "a.zarr"), where]
    quiet = subprocess.run(command, capture_output=True, check=True)
    assert quiet.stdout == b""
    assert b"Completed" not in quiet.stderr

    command[2] = str(tmp_path / "b.zarr")
    terminal, child = pty.openpty()
    with subprocess.Popen(command, stdin=child, stdout=child, stderr=child) as process:
        os.close(child)
        shown = b""
        while True:
            try:
                piece = os.read(terminal, 4096)
            except OSError:
                break
            if not piece:
                break
            shown += piece
    os.close(terminal)
    assert process.returncode == 0
    assert b"100%" in shown
