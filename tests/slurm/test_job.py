"""slurm-job.sh as it is, on a real Slurm: a scheduler, mvn-dask and two workers."""

import pytest

from tests.slurm.site import CHUNKS, PARTS, Site, content

pytestmark = pytest.mark.slurm


def test_requeued_stopped_and_resubmitted(site: Site, uninterrupted: dict[str, bytes]) -> None:
    """After the warning before its time limit it requeues itself; stopped by SIGTERM then, it is submitted again."""
    job = site.submit("slurm-job.sh", "lo")
    site.until(lambda: site.chunks() > 10, pause=0.01)
    site.signal(job, "USR1")
    site.until(lambda: site.show(job)["JobState"] == "PENDING")
    before = site.chunks()
    site.until(lambda: site.chunks() > before, pause=0.01)
    site.signal(job, "TERM")
    site.until(lambda: site.ended(job))
    task = site.show(job)
    assert (task["JobState"], task["ExitCode"], int(task["Restarts"])) == ("FAILED", "75:0", 1)
    assert 10 < before < site.chunks() < PARTS * CHUNKS

    again = site.resubmit(f"mvn-dask-{job}.log")
    site.until(lambda: site.ended(again))
    assert (site.show(again)["JobState"], site.show(again)["ExitCode"]) == ("COMPLETED", "0:0")
    assert content(site.store) == uninterrupted
    assert not list(site.folder.glob("scheduler-*.json"))
