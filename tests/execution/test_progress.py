import io
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from mvn_dask.execution.progress import Progress, ProgressState, report_progress_to

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


def reports(total: int, *counts: int) -> list[tuple[int, int, str, bool]]:
    found: list[tuple[int, int, str, bool]] = []

    def report(state: ProgressState) -> None:
        found.append((state.done, state.total, state.unit, state.ended))

    with report_progress_to(report), Progress(total, "chunks") as progress:
        for count in counts:
            progress.add(count)
    return found


def test_reports_to_a_callback(monkeypatch: pytest.MonkeyPatch) -> None:
    assert reports(5) == []
    assert reports(0, 0) == [(0, 1, "chunks", False), (0, 1, "chunks", True)]
    monkeypatch.setattr("mvn_dask.execution.progress.REPORT_SECONDS", 0.0)
    assert reports(5, 1, 1) == [(1, 5, "chunks", False), (2, 5, "chunks", False), (2, 5, "chunks", True)]
    monkeypatch.setattr("mvn_dask.execution.progress.REPORT_SECONDS", 1e9)
    assert reports(5, 1, 1, 3) == [(5, 5, "chunks", False), (5, 5, "chunks", True)], "at the end, at once"


def test_a_bar_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = {}
    for stream in (io.StringIO(), Terminal()):
        monkeypatch.setattr(sys, "stderr", stream)
        with Progress(4, "chunks") as progress:
            progress.add(1)
            progress.add(3)
        shown[stream.isatty()] = stream.getvalue()
    assert not shown[False]
    first, *_, last = shown[True].split("\r")[1:]
    assert first.startswith(f"[{'#' * 7:<30}]  25% | 1 of 4 chunks | ")
    assert last.startswith(f"[{'#' * 30}] 100% | 4 of 4 chunks | ")
    assert last.endswith(" s\n")


@pytest.mark.parametrize("where", ["threads", pytest.param("cluster", marks=pytest.mark.faults)])
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
