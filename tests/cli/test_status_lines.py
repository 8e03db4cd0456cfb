import json
from dataclasses import replace

import pytest

from mvn_dask.cli.status_lines import StatusLines, status_line
from tests.support.statuses import HALF, status_of

Captured = pytest.CaptureFixture[str]


def test_a_line() -> None:
    assert status_line(HALF)[8:] == " 2 of 4 chunks, 2 MiB, 1 MiB/s, 2 s left"
    assert status_line(status_of(0, 1))[8:] == " 0 of 1 chunk, 0 B"


def test_each_change_once(capsys: Captured, caplog: pytest.LogCaptureFixture) -> None:
    with StatusLines() as lines:
        for each in (status_of(0, 4), status_of(0, 4, rate=1.0), HALF, replace(HALF, rate=5.0)):
            lines.show(each)
        assert lines.has_shown(HALF)
        lines.show(replace(HALF, fingerprint="0" * 64))
    assert [line[9:10] for line in capsys.readouterr().out.splitlines()] == ["0", "2", "2"]
    assert caplog.messages == ["x.zarr was replaced: it is the store of another sample now"]


def test_an_object_for_programs(capsys: Captured) -> None:
    lines = StatusLines(lambda status: {"done": status.done})
    lines.show(HALF)
    assert json.loads(capsys.readouterr().out) == {"done": 2}


def test_what_is_waited_for_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    lines = StatusLines()
    for _ in range(3):
        lines.wait("not yet: waiting")
    lines.show(HALF)
    lines.wait("gone: waiting")
    assert caplog.messages == ["not yet: waiting", "gone: waiting"]
