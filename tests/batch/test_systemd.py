"""The units: systemd's own check of them, and the command that they start."""

import configparser
import json
import shlex
from pathlib import Path

import pytest

import mvn_dask
from tests.batch.conftest import EXAMPLES, PROGRAMS, Site

UNITS = "mvn-dask.service", "mvn-dask.timer"


def units(site: Site) -> list[Path]:
    """The units with this machine's paths."""
    copies = [site.folder / name for name in UNITS]
    for copy in copies:
        text = (EXAMPLES / copy.name).read_text().replace("/opt/mvn-dask/bin", str(PROGRAMS))
        copy.write_text(text.replace("/etc/mvn-dask", str(site.folder)))
    return copies


def service(path: Path) -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None, delimiters="=")
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(path.read_text())
    return parser["Service"]


@pytest.mark.faults
def test_what_the_service_starts(site: Site) -> None:
    keys = service(units(site)[0])
    command = shlex.split(keys["ExecStart"].replace("%S/mvn-dask", str(site.folder)))
    grace = int(command[command.index("--grace") + 1])
    assert grace < int(keys["TimeoutStopSec"])
    done = site.run(command)
    assert done.returncode == 0, done.stderr
    assert mvn_dask.status(site.store).complete
    assert all(isinstance(json.loads(line), dict) for line in done.stderr.splitlines())


@pytest.mark.slurm
def test_systemd_accepts_them(site: Site) -> None:
    """Beside the tests with Slurm, whose command installs what is missing."""
    done = site.run(["/usr/bin/systemd-analyze", "verify", "--recursive-errors=no", *units(site)])
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
