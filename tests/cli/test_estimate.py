"""The command ``mvn-dask estimate``."""

import json
import signal

import pytest

from tests.support.command import Site, assert_one_line, wait_for

TABLES = """
[[estimate]]
name = "loss"
statistic = "mean"
function = "mvn_own_losses:loss"

[[estimate]]
statistic = "probability"
column = 1
event = "> 2.0"
"""
LOSSES = """\
import os
import time
from pathlib import Path

FOLDER = Path(__file__).parent

def loss(rows):
    if len(rows) > 16 and (FOLDER / "pause").exists():
        (FOLDER / "paused").write_text(str(os.getpid()))
        while not (FOLDER / "gate").exists():
            time.sleep(0.01)
    return rows.max(axis=1)
"""
Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def tables(site: Site) -> None:
    with site.job.open("a") as file:
        file.write(TABLES)
    (site.folder / "mvn_own_losses.py").write_text(LOSSES)


def test_text_and_json(site: Site, capsys: Captured) -> None:
    assert site.run("estimate", "--quiet") == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert err == ""
    assert lines[0].endswith(" of 16000 rows")
    assert (lines[2], lines[5:7]) == ("loss", ["", 'probability "> 2.0" of column 1'])
    assert lines[3].startswith("  1.70717 ± ")
    assert site.run("estimate", "--quiet", "--json") == 0
    content = json.loads(capsys.readouterr().out)
    loss, probability = content["estimates"]
    assert content["shape"] == [16_000, 2]
    assert loss["table"] == {"statistic": "mean", "name": "loss", "function": "mvn_own_losses:loss"}
    assert 0.30 < probability["result"]["value"] < 0.32
    assert probability["result"]["count"] == 16_000
    assert not site.store.exists()
    assert site.run("run", "--quiet") == 0
    capsys.readouterr()
    assert site.run("estimate", "--quiet", "--json") == 0
    assert json.loads(capsys.readouterr().out) == content


@pytest.mark.slow
def test_processes_give_the_same(site: Site, capsys: Captured) -> None:
    """From another folder, so that Python does not find the module by itself; the sample is one block there."""
    (site.folder / "elsewhere").mkdir()
    assert site.run("estimate", "--quiet") == 0
    expected = capsys.readouterr().out
    workers = ["--set", "cluster.kind=processes", "--set", "cluster.workers=1"]
    done = site.call("estimate", site.job, *workers, "--quiet", PYTHONSAFEPATH="1")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == expected


def test_errors(site: Site, capsys: Captured) -> None:
    for override, words in [
        ("estimate=[]", "there is no table [[estimate]]"),
        (
            'estimate=[{statistic = "mean", column = "oil"}]',
            "--set estimate=…: estimate.0.column: must name columns of",
        ),
        ('estimate=[{statistic = "quantile"}]', "--set estimate=…: estimate.0.q: is required"),
        ('estimate=[{statistic = "mean", function = "mvn_own_losses:gain"}]', "there is no gain in the module"),
    ]:
        assert site.run("estimate", "--set", override) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert_one_line(err, words)


@pytest.mark.faults
@pytest.mark.parametrize(
    ("kind", "number"),
    [
        ("threads", signal.SIGTERM),
        pytest.param("processes", signal.SIGKILL, marks=pytest.mark.slow),
        pytest.param("local", signal.SIGTERM, marks=pytest.mark.slow),
        pytest.param("threads", signal.SIGKILL, marks=pytest.mark.slow),
        pytest.param("processes", signal.SIGTERM, marks=pytest.mark.slow),
        pytest.param("local", signal.SIGKILL, marks=pytest.mark.slow),
    ],
)
def test_a_command_that_is_stopped_begins_anew(kind: str, number: signal.Signals, site: Site, capsys: Captured) -> None:
    assert site.run("estimate", "--quiet") == 0
    expected = capsys.readouterr().out
    files = {*site.folder.iterdir()} | {site.folder / each for each in ("pause", "paused", "gate")}
    (site.folder / "pause").touch()
    arguments = ["estimate", "job.toml", "--set", f"cluster.kind={kind}"]
    arguments += [] if kind == "threads" else ["--set", "cluster.workers=1"]
    job = site.start(*arguments)
    wait_for((site.folder / "paused").exists, "a function of the user's own")
    job.send_signal(number)
    if number == signal.SIGTERM:
        assert job.stderr is not None
        while "SIGTERM: stopping" not in (line := job.stderr.readline()):
            assert line
    (site.folder / "gate").touch()
    out, err = job.communicate()
    assert (job.returncode, out) == ((75, "") if number == signal.SIGTERM else (-number, ""))
    if number == signal.SIGTERM:
        assert "stopped: nothing was changed; the same command begins anew" in err
    assert {*site.folder.iterdir()} <= files
    again = site.call(*arguments, "--quiet")
    assert (again.returncode, again.stdout) == (0, expected)


@pytest.mark.slow
def test_a_worker_that_is_killed_changes_no_number(site: Site, capsys: Captured) -> None:
    (site.folder / "mvn_own_losses.py").write_text(
        "import os, signal\nfrom pathlib import Path\nMARK = Path(__file__).parent / 'killed'\n"
        "def loss(rows):\n"
        "    if len(rows) > 16 and MARK.with_name('kill').exists() and not MARK.exists():\n"
        "        MARK.touch()\n        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return rows.max(axis=1)\n"
    )
    assert site.run("estimate", "--quiet") == 0
    expected = capsys.readouterr().out
    (site.folder / "kill").touch()
    done = site.call("estimate", "job.toml", "--quiet", "--set", "cluster.kind=local", "--set", "cluster.workers=1")
    assert (site.folder / "killed").exists()
    assert (done.returncode, done.stdout) == (0, expected), done.stderr
