"""The examples run as printed, in processes of their own."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def portfolio(output: Path, rows: int) -> list[str]:
    return [sys.executable, str(ROOT / "examples" / "portfolio.py"), "--rows", str(rows), "--output", str(output)]


def run(output: Path, rows: int) -> str:
    return subprocess.run(portfolio(output, rows), capture_output=True, text=True, check=True).stdout


@pytest.mark.faults
def test_portfolio_as_it_is_run(tmp_path: Path) -> None:
    """With fewer rows."""
    assert "2 of 2 chunks verified" in run(tmp_path, 300_000)


@pytest.mark.slow
def test_portfolio_killed_and_run_again(tmp_path: Path) -> None:
    """Killed with all its workers while it writes, run again, and once more when it is finished."""
    rows = 3_000_000
    store = tmp_path / "returns.zarr"
    with subprocess.Popen(
        portfolio(tmp_path, rows), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as first:
        deadline = time.monotonic() + 120
        while len(list(store.glob("samples/c/*/0"))) < 2 and time.monotonic() < deadline:
            time.sleep(0.001)
        os.killpg(first.pid, signal.SIGKILL)
    assert first.returncode == -signal.SIGKILL
    assert not (store / "zarr.json").exists()

    second = run(tmp_path, rows)
    assert "going on: " in second
    assert "chunks of" in second
    third = run(tmp_path, rows)
    assert "found the finished store" in third
    assert "11 of 11 chunks verified" in third
    assert second.splitlines()[4:9] == third.splitlines()[3:8]

    risk = {line[:19].strip(): line[19:].split() for line in third.splitlines() if "%" in line}
    for measure in ("value at risk", "expected shortfall"):
        sampled, exact = (float(text.rstrip("%")) for text in risk[measure])
        assert abs(sampled - exact) < 0.02 * exact
    memory = next(line for line in third.splitlines() if line.startswith("peak memory"))
    peaks = [int(word.strip(",")) for word in memory.split() if word.strip(",").isdigit()]
    assert len(peaks) == 3
    assert max(peaks) < 1024
    assert (tmp_path / "loss.png").read_bytes().startswith(b"\x89PNG")
