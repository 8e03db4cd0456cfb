"""The lines of the crontab, run as cron runs them: by sh, from home, with hardly any environment."""

import fcntl
import os

import pytest

import mvn_dask
from tests.batch.conftest import EXAMPLES, PROGRAMS, Done, Site

LINES = [line for line in (EXAMPLES / "crontab").read_text().splitlines() if line[:1].isdigit()]


def cron(line: str, site: Site) -> Done:
    command = line.split(maxsplit=5)[5]
    assert "%" not in command
    for there, here in {"/opt/mvn-dask/bin": PROGRAMS, "/srv/samples": site.folder}.items():
        assert f"{there}/" in command
        command = command.replace(there, str(here))
    return site.run(["/bin/sh", "-c", command], site.folder, HOME=str(site.folder), LOGNAME="nobody", SHELL="/bin/sh")


@pytest.mark.slow
def test_a_night_and_a_check(site: Site) -> None:
    draw, check = LINES
    lock = os.open(site.folder / ".running", os.O_CREAT | os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    busy = cron(draw, site)
    assert (busy.stdout, busy.stderr) == ("", "")
    assert not site.store.exists()
    os.close(lock)

    night = cron(draw, site)
    assert (night.returncode, night.stdout, night.stderr) == (0, "", "")
    assert mvn_dask.status(site.store).complete
    fine = cron(check, site)
    assert (fine.returncode, fine.stderr) == (0, "")
    assert "8 of 8 good" in fine.stdout

    chunk = site.store / "samples" / "c" / "3" / "0"
    content = bytearray(chunk.read_bytes())
    content[1000] ^= 1
    chunk.write_bytes(content)
    torn = cron(check, site)
    assert torn.returncode == 5
    assert "(3, 0)" in torn.stdout, "cron mails standard output"
