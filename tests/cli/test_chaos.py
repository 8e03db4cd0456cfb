"""Jobs of 2 GiB that are killed and stopped again and again, at random moments."""

import random
import signal
import threading
from pathlib import Path

import pytest

from tests.support.command import Site, wait_for
from tests.support.stores import tree

ROUNDS = 5
pytestmark = pytest.mark.slow


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    text = site.job.read_text().replace("size = 16_000", "size = 134_217_728")
    site.job.write_text(text.replace("chunks = 1000", 'chunks = "16 MiB"'))
    return site


@pytest.mark.parametrize("kind", ["threads", "processes", "local"])
def test_whatever_happens_the_store_is_the_same(kind: str, site: Site) -> None:
    dice = random.Random(kind)  # noqa: S311 not for secrets
    numbers = [signal.SIGKILL, signal.SIGTERM] * ROUNDS
    dice.shuffle(numbers)
    arguments = ["run", "job.toml", "--set", f"cluster.kind={kind}"]
    for number in numbers:
        job = site.start(*arguments, NUMBA_DISABLE_JIT="0")
        enough = site.chunks() + dice.randrange(6)
        wait_for(lambda job=job, enough=enough: job.poll() is not None or site.chunks() >= enough, "chunks")  # type: ignore[misc]
        threading.Event().wait(dice.random())
        job.send_signal(number)
        _, err = job.communicate()
        assert job.returncode in {-number, 75, 0} if number == signal.SIGKILL else job.returncode in {0, 75}, err
        assert not list(site.store.rglob("zarr.json")) or job.returncode == 0 or site.chunks() == 128
    done = site.call(*arguments, NUMBA_DISABLE_JIT="0")
    assert done.returncode == 0, done.stderr
    assert site.run("verify", "--level", "checksum") == 0
    assert tree(site.store) == site.reference()


def test_parts_that_are_killed_side_by_side(site: Site) -> None:
    dice = random.Random(8)  # noqa: S311 not for secrets
    waiting = [f"{i}/8" for i in range(8)] * 2
    jobs = [site.start("run", "job.toml", "--part", part, NUMBA_DISABLE_JIT="0") for part in waiting[:8]]
    threading.Event().wait(4.0)
    for job in jobs:
        job.send_signal(dice.choice([signal.SIGKILL, signal.SIGTERM]))
    for job in jobs:
        job.communicate()
    jobs = [site.start("run", "job.toml", "--part", part, NUMBA_DISABLE_JIT="0") for part in waiting[8:]]
    for job in jobs:
        _, err = job.communicate()
        assert job.returncode == 0, err
    assert tree(site.store) == site.reference()
