import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mvn_dask.distribution.normal_sampler import NormalSampler
from mvn_dask.execution.blocks import Blocks
from mvn_dask.job import timing
from mvn_dask.job.preparation import prepare
from mvn_dask.job.timing import drawing_time
from mvn_dask.sampling.array import sample
from tests.support.jobs import job_in


@pytest.fixture
def short_rounds() -> None:
    """Here rounds are as long as for users."""


class Clock:
    """Time that passes while rows are drawn, and at no other moment."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, seconds_per_row: float) -> None:
        self.now, self.seconds_per_row, self.drawn = 0.0, seconds_per_row, []  # type: ignore[var-annotated]
        self.disturbed: set[int] = set()
        for name in ("perf_counter", "thread_time"):
            monkeypatch.setattr(time, name, lambda: self.now)
        monkeypatch.setattr(NormalSampler, "draw", self.draw)

    def draw(self, plan: Any, start: int, stop: int) -> np.ndarray[Any, Any]:
        self.drawn.append((start, stop))
        # Every stripe is drawn from its beginning.
        first = start // plan.stripe * plan.stripe
        factor = 3.0 if len(self.drawn) in self.disturbed else 1.0
        self.now += factor * self.seconds_per_row * (stop - first)
        return np.empty((stop - start, plan.ndim))


def spec_of(folder: Path, **sample: Any) -> Any:
    return prepare(job_in(folder, sample=sample)).spec


def test_whole_blocks_are_drawn_where_they_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec, clock = spec_of(tmp_path, size=10**6, chunks=100_000), Clock(monkeypatch, 1e-6)
    found = drawing_time(spec, np.arange(10), 1)
    whole = [bounds for bounds in clock.drawn if bounds[1] - bounds[0] == 100_000]
    assert {start for start, _ in whole} >= {0, 100_000}
    # Blocks begin amid stripes, of which they draw the beginning as well.
    stripes = [start % spec.plan.stripe for start, _ in whole[-3:]]
    assert found.wall_seconds == pytest.approx(1e-6 * (1 + np.mean(stripes) / 100_000), rel=0.3)
    assert found.cpu_seconds == pytest.approx(found.wall_seconds)


def test_what_compiles_is_not_timed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec, clock = spec_of(tmp_path, size=65536 * 10, chunks=65536), Clock(monkeypatch, 1e-5)
    clock.disturbed = {1}
    assert drawing_time(spec, np.arange(10), 1).wall_seconds == pytest.approx(1e-5, rel=0.01)
    assert clock.drawn[0] == (0, 1)


def test_rounds_go_on_until_they_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec, clock = spec_of(tmp_path, size=65536 * 10, chunks=65536), Clock(monkeypatch, 1e-5)
    clock.disturbed = {5, 6}
    assert drawing_time(spec, np.arange(10), 1).wall_seconds == pytest.approx(1e-5, rel=0.01)
    quiet = len(clock.drawn)
    clock.disturbed = set(range(len(clock.drawn) + 5, 1000, 2))
    before = clock.now
    drawing_time(spec, np.arange(10), 1)
    assert len(clock.drawn) - quiet > 4
    assert clock.now - before < 3 * timing.MAX_SECONDS, "and no longer than that"


def test_large_blocks_are_drawn_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec, clock = spec_of(tmp_path, size=10**12, chunks=10**9), Clock(monkeypatch, 1e-5)
    assert drawing_time(spec, np.arange(1000), 1).wall_seconds == pytest.approx(1e-5, rel=0.05)
    assert max(stop - start for start, stop in clock.drawn) < 10**6


@pytest.mark.parametrize("size", [0, [0, 3]])
def test_nothing_to_draw(size: Any, tmp_path: Path) -> None:
    assert drawing_time(spec_of(tmp_path, size=size, chunks=10), np.arange(0), 2).cpu_seconds == 0.0


@pytest.mark.faults
@pytest.mark.parametrize("d", [2, 300])
def test_within_30_percent_of_what_drawing_takes(d: int, tmp_path: Path) -> None:
    """In processor time, which other processes disturb least; the best of five attempts."""
    table = {"mean": 0.0, "cov": (np.eye(d) + 0.5).tolist(), "method": "cholesky"}
    rows = 2**23 // d
    job = job_in(tmp_path, distribution=table, sample={"size": 8 * rows, "chunks": rows})
    prepared = prepare(job)
    blocks = Blocks(sample(prepared.spec))
    ratios = []
    for _ in range(5):
        planned = drawing_time(prepared.spec, np.arange(8), 1).cpu_seconds * 8 * rows
        begin = time.thread_time()
        blocks.compute_each(range(8), lambda *_: None)
        ratios.append(planned / (time.thread_time() - begin))
        if 1 / 1.3 < ratios[-1] < 1.3:
            return
    pytest.fail(f"planned by drawn: {ratios}")
