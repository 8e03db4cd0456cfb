from pathlib import Path
from typing import Any

import dask
import numpy as np
import pytest
from distributed import Client

from mvn_dask.errors import TransportError, WorkersLostError
from mvn_dask.store.engine import run
from tests.conftest import local_cluster
from tests.store.test_engine import Counted, Failing, Squares, squares


def test_an_object_store_that_does_not_answer_is_asked_again(processes: Client, tmp_path: Path) -> None:
    assert squares(Failing(tmp_path, TransportError, times=2)) == [number**2 for number in range(100)]


def test_an_object_store_that_never_answers(processes: Client, tmp_path: Path) -> None:
    with pytest.raises(TransportError, match="number 50"):
        squares(Failing(tmp_path, TransportError, times=99))


def test_workers_that_die_again_and_again(tmp_path: Path) -> None:
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0, "scheduler": "distributed"}),
        local_cluster() as cluster,
        Client(cluster),
        pytest.raises(WorkersLostError, match=r"could take \d+ bytes; a number takes 8 bytes. Use smaller `chunks`"),
    ):
        squares(Failing(tmp_path, SystemExit, times=99))


def test_a_range_is_done_again_whose_worker_died(tmp_path: Path) -> None:
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0, "scheduler": "distributed"}),
        local_cluster() as cluster,
        Client(cluster),
    ):
        assert squares(Failing(tmp_path, SystemExit, times=2)) == [number**2 for number in range(100)]


def test_only_a_window_of_ranges_is_on_its_way(processes: Client, tmp_path: Path) -> None:
    """What waits on the scheduler does not grow with the number of blocks."""
    told = run(Squares(tmp_path), np.arange(5000, dtype=np.int64), 1, Counted(5000, "numbers"))
    next(told)

    def waiting(dask_scheduler: Any) -> int:
        return len(dask_scheduler.tasks)

    assert processes.run_on_scheduler(waiting) < 150
    told.close()
    assert len(list(tmp_path.iterdir())) < 1000, "what was not submitted is not begun after the end"
