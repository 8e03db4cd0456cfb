"""slurm-array.sh as it is, on a real Slurm."""

from concurrent.futures import ThreadPoolExecutor

import pytest

import mvn_dask
from tests.slurm.site import CHUNKS, PARTS, Site, content

pytestmark = pytest.mark.slurm


def test_requeued_signalled_and_resubmitted(site: Site, uninterrupted: dict[str, bytes]) -> None:
    """Part 2 is requeued, part 5 stopped by SIGTERM, part 6 by the warning before its time limit."""
    array = site.submit("slurm-array.sh")

    def hurt_while_it_draws(part: int, name: str | None) -> int:
        """How many chunks of a part are left when it is hurt."""
        site.until(lambda: site.chunks(part), pause=0.01)
        if name:
            site.signal(f"{array}_{part}", name)
        else:
            site.slurm.command("scontrol", "requeue", f"{array}_{part}")
        return CHUNKS - site.chunks(part)

    # Side by side: while a command of Slurm's takes its time, another part would end.
    with ThreadPoolExecutor() as pool:
        left = list(pool.map(hurt_while_it_draws, (2, 5, 6), (None, "TERM", "USR1")))
    assert all(left), "each amid its chunks"
    site.until(lambda: site.ended(array))
    tasks = {part: site.show(f"{array}_{part}") for part in range(PARTS)}
    states = {part: (task["JobState"], task["ExitCode"], int(task["Restarts"])) for part, task in tasks.items()}
    assert states == {
        **dict.fromkeys(range(PARTS), ("COMPLETED", "0:0", 0)),
        2: ("COMPLETED", "0:0", 1),
        5: ("FAILED", "75:0", 0),
        6: ("COMPLETED", "0:0", 1),
    }
    assert 0 < site.chunks(5) < CHUNKS
    assert site.chunks() == (PARTS - 1) * CHUNKS + site.chunks(5)
    assert not mvn_dask.status(site.store).complete

    again = site.resubmit(f"mvn-dask-{array}_5.log")
    site.until(lambda: site.ended(again))
    assert site.show(f"{again}_5")["ExitCode"] == "0:0"
    assert content(site.store) == uninterrupted

    before = {name: (site.store / name).stat().st_mtime_ns for name in uninterrupted}
    whole = site.submit("slurm-array.sh")
    site.until(lambda: site.ended(whole))
    assert {site.show(f"{whole}_{part}")["ExitCode"] for part in range(PARTS)} == {"0:0"}
    assert {name: (site.store / name).stat().st_mtime_ns for name in uninterrupted} == before
