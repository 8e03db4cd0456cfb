from collections.abc import Iterator
from pathlib import Path

import pytest

from mvn_dask import slow_steps
from tests.support.command import PausedCommand, Site, StartPaused


@pytest.fixture(autouse=True)
def no_slow_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """No step of a command in this process counts as slow, however busy the machine is."""
    monkeypatch.setattr(slow_steps, "SLOW_SECONDS", 1e6)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.fixture
def start_paused(site: Site) -> Iterator[StartPaused]:
    """Start a command that is paused at an audit event, as "os.rename:/samples/c/", or at its very end ("atexit")."""
    started: list[PausedCommand] = []

    def start(where: str, *arguments: object, after: int = 0, children: bool = False) -> PausedCommand:
        folder = site.folder / f"paused{len(started)}"
        started.append(PausedCommand(site, folder, where, *arguments, after=after, children=children))
        return started[-1]

    yield start
    for each in started:
        for process in each.members():
            process.kill()
        each.process.communicate()
