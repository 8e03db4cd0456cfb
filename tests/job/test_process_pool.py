from pathlib import Path

import pytest

from mvn_dask.execution.progress import ProgressState, report_progress_to
from mvn_dask.job.running import run
from tests.support.jobs import job_in


@pytest.mark.faults
def test_a_job_in_a_pool_of_processes_is_counted(tmp_path: Path) -> None:
    states: list[ProgressState] = []
    with report_progress_to(states.append):
        assert run(job_in(tmp_path, cluster={"kind": "processes", "workers": 1})).drawn == 10
    assert (states[0].done, states[-1].done, states[-1].total) == (0, 10, 10)
    assert states[0].unit_bytes == 100 * 2 * 8 + 4
