import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import mvn_dask
from mvn_dask.cli.application import run
from tests.cli.conftest import Site, assert_one_line

COMMANDS = ["plan", "run", "sample", "init", "status", "info", "verify", "repair", "extend", "report"]
SLOW = {"numpy", "dask", "distributed", "zarr", "rich", "numba", "scipy", "mvn_dask.store.format.manifest"}


def imported_by(*arguments: str, cwd: Path) -> tuple[int, set[str]]:
    """What a command in a fresh Python imports, by its modules' names."""
    code = (
        "import sys, json\nfrom mvn_dask.cli.application import run\ncode = run(sys.argv[1:])\n"
        "print(json.dumps([code, list(sys.modules)]), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True, cwd=cwd)
    code, modules = json.loads(done.stderr.splitlines()[-1])
    return int(code), set(modules)


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["run", "--help"], ["report", "--help"], ["nope"]])
def test_help_needs_nothing_that_takes_time(arguments: list[str], tmp_path: Path) -> None:
    _, modules = imported_by(*arguments, cwd=tmp_path)
    assert "typer" in modules
    assert not modules & SLOW
    if arguments[-1] != "nope" and len(arguments) == 1:  # typer takes pydantic for options
        assert "pydantic" not in modules


def test_a_finished_job_starts_no_cluster_and_draws_nothing(site: Site) -> None:
    site.run("run", "--quiet")
    times = {path: path.stat().st_mtime_ns for path in site.store.rglob("*")}
    code, modules = imported_by("run", str(site.job), "--set", "cluster.kind=local", cwd=site.folder)
    assert code == 0
    assert not modules & {"distributed", "dask.array", "numba", "rich", "scipy"}
    assert {path: path.stat().st_mtime_ns for path in site.store.rglob("*")} == times


@pytest.mark.parametrize("command", ["status", "info"])
def test_looking_at_a_store_needs_no_dask(command: str, site: Site) -> None:
    site.run("run", "--quiet")
    code, modules = imported_by(command, str(site.store), cwd=site.folder)
    assert code == 0
    assert not modules & {"dask", "distributed", "numba", "rich", "scipy", "mvn_dask.job.schema"}


def test_version(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
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


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Missing command"),
        (["nope"], "No such command 'nope'"),
        (["run"], "Missing argument 'JOB'"),
        (["run", "job.toml", "more"], "unexpected extra argument"),
        (["run", "job.toml", "--nope"], "No such option"),
        (["run", "job.toml", "--part"], "requires an argument"),
        (["run", "job.toml", "--grace", "-1"], "--grace"),
        (["run", "job.toml", "--grace", "soon"], "--grace"),
        (["run", "job.toml", "--log-format", "xml"], "--log-format must be text or json, not 'xml'"),
        (["sample", "out.zarr"], "--mean"),
    ],
)
def test_wrong_usage_is_one_line(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert_one_line(err, words)


@pytest.mark.parametrize("spelling", [["--log-format", "json"], ["--log-format=json"]])
def test_wrong_usage_as_json(spelling: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["run", *spelling]) == 2
    line = json.loads(capsys.readouterr().err)
    assert (line["level"], line["exit_code"]) == ("error", 2)
    assert "Missing argument" in line["message"]


def test_completion(site: Site) -> None:
    shown = site.call("--show-completion", "bash")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "complete -o default -F _mvn_dask_completion" in shown.stdout
    asked = {"_MVN_DASK_COMPLETE": "complete_bash", "COMP_WORDS": "mvn-dask re", "COMP_CWORD": "1"}
    assert site.call(**asked).stdout.split() == ["repair", "report"]


def shell(site: Site, line: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """A line of bash in which $M is the command; its exit code is that of the command."""
    program = f'M="{sys.executable} -m mvn_dask"; {line}'
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    command = ["bash", "-c", program]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=site.folder, env={**kept, **environment}
    )


def test_output_that_nobody_reads(site: Site) -> None:
    site.run("run", "--quiet")
    # The right side ends before the left one can have begun to write.
    done = shell(site, "$M status store.zarr | true; exit ${PIPESTATUS[0]}")
    assert done.returncode == 1
    assert_one_line(done.stderr, "the result could not be printed: Broken pipe")
    done = shell(site, "$M status store.zarr >/dev/full")
    assert done.returncode == 1
    assert_one_line(done.stderr, "the result could not be printed: No space left on device")


def test_messages_that_nobody_reads_stop_no_work(site: Site) -> None:
    """The warning comes before any chunk is drawn."""
    cov = "'distribution.cov=[[1.0, 2.0], [2.0, 1.0]]'"
    done = shell(site, f"$M run job.toml --set {cov} 2> >(true) | cat")
    assert "complete; 16 of 16 chunks drawn" in done.stdout


def test_closed_streams(site: Site) -> None:
    """The files that are opened next must not take their places."""
    for streams in ("<&- >&- 2>&-",):
        done = shell(site, f"$M run job.toml --set output.url=s{len(streams)}.zarr {streams}")
        assert (done.returncode, done.stderr) == (0, "")
        assert run(["verify", str(site.folder / f"s{len(streams)}.zarr"), "--level", "values", "--full"]) == 0
    assert shell(site, "$M run nope.toml 2>&-").returncode == 2


def test_what_cannot_be_encoded_is_escaped(site: Site) -> None:
    site.run("run", "--quiet", "--set", "output.url=größe.zarr")
    done = site.call("status", "größe.zarr", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert "gr\\xf6\\xdfe.zarr: complete" in done.stdout
    assert site.call("run", "--help", PYTHONIOENCODING="ascii").returncode == 0
