import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import mvn_dask
from mvn_dask.cli.application import run
from mvn_dask.job.template import job_template
from tests.support.command import Site, assert_one_line

COMMANDS = ["plan", "run", "sample", "init", "status", "info", "verify", "repair", "extend", "report"]
SLOW = {"numpy", "dask", "distributed", "zarr", "rich", "numba", "scipy", "mvn_dask.store.format.manifest"}


def modules_after(commands: list[list[str]], cwd: Path) -> list[tuple[int, set[str]]]:
    """Exit codes of commands that run one after another in a fresh Python, and the modules imported after each."""
    code = (
        "import sys, json\nfrom mvn_dask.cli.application import run\n"
        "for each in json.loads(sys.argv[1]):\n"
        "    print(json.dumps([run(each), list(sys.modules)]), file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, json.dumps(commands)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=cwd)
    found = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("[")]
    return [(int(code), set(modules)) for code, modules in found]


def test_help_imports_nothing_that_takes_time(tmp_path: Path) -> None:
    found = modules_after([["--version"], ["--help"], ["run", "--help"], ["report", "--help"], ["nope"]], tmp_path)
    assert [code for code, _ in found] == [0, 0, 0, 0, 2]
    for _, modules in found:
        assert "typer" in modules
        assert not modules & SLOW
    for _, modules in found[:2]:  # typer imports pydantic for options
        assert "pydantic" not in modules


def test_a_finished_job_and_its_store_import_little(site: Site) -> None:
    site.run("run", "--quiet")
    times = {path: path.stat().st_mtime_ns for path in site.store.rglob("*")}
    commands = [["status", str(site.store)], ["info", str(site.store)]]
    finished = ["run", str(site.job), "--set", "cluster.kind=local"]
    *looked, (code, modules) = modules_after([*commands, finished], cwd=site.folder)
    for status, imported in looked:
        assert status == 0
        assert not imported & {"dask", "distributed", "numba", "rich", "scipy", "mvn_dask.job.schema"}
    assert code == 0
    assert not modules & {"distributed", "dask.array", "numba", "rich", "scipy"}
    assert {path: path.stat().st_mtime_ns for path in site.store.rglob("*")} == times


def test_version(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    for option in ("--version", "-V"):
        assert run([option]) == 0
        assert capsys.readouterr() == (f"mvn-dask {mvn_dask.__version__}\n", "")
    script = Path(sys.executable).with_name("mvn-dask")
    for command in (site.command("--version"), [str(script), "--version"]):
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert done.stdout == f"mvn-dask {mvn_dask.__version__}\n"


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([flag]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert all(f"  {command} " in out for command in COMMANDS)
    for command in COMMANDS:
        assert run([command, flag]) == 0
        out, err = capsys.readouterr()
        assert f"Usage: mvn-dask {command}" in out
        assert err == ""
        assert "\x1b" not in out


def test_without_a_command_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """As a fault of usage: a script that lost its arguments must not go on."""
    assert run(["--help"]) == 0
    shown = capsys.readouterr().out
    assert run([]) == 2
    assert capsys.readouterr() == ("", shown)


USAGE = [
    (["--log-format", "text"], "No such option"),
    (["nope"], "No such command 'nope'"),
    (["run"], "Missing argument 'JOB'"),
    (["run", "job.toml", "more"], "unexpected extra argument"),
    (["run", "job.toml", "--nope"], "No such option"),
    (["run", "job.toml", "--part"], "requires an argument"),
    (["run", "job.toml", "--grace", "-1"], "--grace"),
    (["run", "job.toml", "--grace", "soon"], "--grace"),
    (["run", "job.toml", "--log-format", "xml"], "--log-format must be text or json, not 'xml'"),
    (["sample", "out.zarr"], "--size"),
    (["sample", "out.zarr", "--size", "1", "--seed", "1"], "--mean is required, or --from-data"),
]


def test_wrong_usage_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, message in USAGE:
        assert run(arguments) == 2, arguments
        out, err = capsys.readouterr()
        assert out == ""
        assert_one_line(err, message)


@pytest.mark.parametrize("spelling", [["--log-format", "json"], ["--log-format=json"]])
def test_wrong_usage_as_json(spelling: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["run", *spelling]) == 2
    line = json.loads(capsys.readouterr().err)
    assert (line["level"], line["exit_code"]) == ("error", 2)
    assert "Missing argument" in line["message"]


def shell(site: Site, line: str) -> "subprocess.CompletedProcess[str]":
    """A line of bash in which $M is the command; its exit code is that of the command."""
    program = f'M="{sys.executable} -m mvn_dask"; {line}'
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    environment = {**kept, "NUMBA_DISABLE_JIT": "1"}
    return subprocess.run(
        ["/bin/bash", "-c", program], capture_output=True, text=True, check=False, cwd=site.folder, env=environment
    )


def test_output_without_a_reader(site: Site) -> None:
    site.run("run", "--quiet")
    # The right side ends before the left one can have begun to write.
    done = shell(site, "$M status store.zarr | true; exit ${PIPESTATUS[0]}")
    assert done.returncode == 1
    assert_one_line(done.stderr, "the result could not be printed: Broken pipe")
    done = shell(site, "$M status store.zarr >/dev/full")
    assert done.returncode == 1
    assert_one_line(done.stderr, "the result could not be printed: No space left on device")


@pytest.mark.parametrize("begun", [True, False])
def test_a_watch_without_a_reader_ends(begun: bool, site: Site) -> None:
    """Whatever has not changed since, or is not there yet."""
    if begun:
        site.run("run", "--quiet", "--part", "0/2")
    done = shell(site, "$M status store.zarr --watch --interval 0.1 | head -1 | grep -c chunks; exit ${PIPESTATUS[0]}"
                 if begun else "$M status store.zarr --watch --interval 0.1 | true; exit ${PIPESTATUS[0]}")  # fmt: skip
    assert done.returncode == 1
    assert "the result could not be printed: Broken pipe" in done.stderr
    assert done.stdout == ("1\n" if begun else "")


@pytest.mark.faults
def test_messages_without_a_reader_stop_no_work(site: Site) -> None:
    """The warning comes before any chunk is drawn."""
    cov = """'distribution.cov=[[1.0, 2.0], [2.0, 1.0]]' --set 'distribution.check_valid="warn"'"""
    done = shell(site, f"$M run job.toml --set {cov} 2> >(true) | cat")
    assert "complete; 16 of 16 chunks drawn" in done.stdout


def test_closed_streams(site: Site) -> None:
    """The file that is opened next must not get the number of one."""
    done = shell(site, "$M init new.toml <&- >&- 2>&-")
    assert (done.returncode, done.stderr) == (0, "")
    assert (site.folder / "new.toml").read_text() == job_template()
    assert shell(site, "$M run nope.toml 2>&-").returncode == 2


@pytest.mark.faults
def test_a_run_with_closed_streams(site: Site) -> None:
    done = shell(site, "$M run job.toml <&- >&- 2>&-")
    assert (done.returncode, done.stderr) == (0, "")
    assert site.run("verify", "--level", "values", "--full") == 0


def test_what_cannot_be_encoded_is_escaped(site: Site) -> None:
    site.run("run", "--quiet", "--set", "output.url=größe.zarr")
    done = site.call("status", "größe.zarr", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert "gr\\xf6\\xdfe.zarr: complete" in done.stdout
    assert site.call("run", "--help", PYTHONIOENCODING="ascii").returncode == 0
