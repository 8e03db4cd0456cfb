"""Names, paths, keys and options that would forge lines or move the cursor, wherever a command shows any."""

import json
import logging
import os
import re
from pathlib import Path

import numpy as np
import pytest

import mvn_dask
from mvn_dask.cli.application import run
from mvn_dask.cli.console import JsonFormatter, TextFormatter
from tests.support.command import JOB, Site
from tests.support.hostile_text import HOSTILE, assert_shown_in_lines

Captured = pytest.CaptureFixture[str]
LOST = os.fsdecode(b"lost\xff")
"""A name of a file that is no UTF-8."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of a hostile name, with a job of such names, and a finished store."""
    made = tmp_path / f"{HOSTILE}{LOST}"
    made.mkdir()
    monkeypatch.chdir(made)
    (made / f"{HOSTILE}.toml").write_text(JOB.replace("store.zarr", "job.zarr"))
    normal = mvn_dask.MultivariateNormal([0.0, 1.0], np.eye(2) + 0.5, names=[HOSTILE, f"{HOSTILE}2"])
    mvn_dask.to_zarr(normal.sample(1000, seed=1, chunks=300), "store.zarr")
    return made


def shown(capsys: Captured, *arguments: str) -> tuple[int, str]:
    """Exit code and all output of a command, which must be printable, without a line that a name began."""
    code = run(arguments)
    out, err = capsys.readouterr()
    for text in (out, err):
        assert_shown_in_lines(text.removesuffix("\n"))
        assert "Traceback" not in text
    return code, out + err


def test_every_command_about_a_job_and_a_store(folder: Path, capsys: Captured) -> None:
    job, store = f"{HOSTILE}.toml", str(folder / "store.zarr")
    for command in ("plan", "run", "status", "info", "verify", "repair"):
        for more in ([], ["--json"], ["--log-format", "json"]):
            code, text = shown(capsys, command, job, *more)
            assert code == 0, text
            assert text
    code, text = shown(capsys, "status", job, "--set", "output.url=store.zarr")
    assert "another specification: " in text
    (folder / "store.zarr" / f"{HOSTILE}{LOST}").touch()
    assert shown(capsys, "info", store)[0] == 0
    assert shown(capsys, "verify", store)[0] == 5
    assert shown(capsys, "verify", store, "--json")[0] == 5
    assert shown(capsys, "repair", store)[0] == 0
    (folder / "store.zarr" / f"{HOSTILE}{LOST}").unlink()
    assert shown(capsys, "report", store, "-o", f"{HOSTILE}.html")[0] == 0
    assert_shown_in_lines((folder / f"{HOSTILE}.html").read_text())
    assert shown(capsys, "extend", store, "100")[0] == 0
    assert shown(capsys, "init", f"{HOSTILE}-new.toml")[0] == 0
    assert shown(capsys, "run", job, "--set", "output.url=memory://x\u202e")[0] == 0


@pytest.mark.parametrize("log_format", ["text", "json"])
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["status", f"{HOSTILE}-nowhere"], 4),
        (["status", LOST], 4),
        (["plan", f"{HOSTILE}-nowhere.toml"], 2),
        (["plan", f"{LOST}.toml"], 2),
        (["init", f"{HOSTILE}.toml"], 4),
        (["init", f"{HOSTILE}-nowhere/job.toml"], 2),
        (["report", "store.zarr", "-o", f"{HOSTILE}-nowhere/a.html"], 2),
        (["run", f"{HOSTILE}.toml", "--set", f"sample.{HOSTILE}=1"], 2),
        (["run", f"{HOSTILE}.toml", "--set", f"sample.dtype={HOSTILE}"], 2),
        (["run", f"{HOSTILE}.toml", "--set", f"distribution.mean={HOSTILE}.npy"], 2),
        (["run", f"{HOSTILE}.toml", "--set", f"output.url={HOSTILE}"], 2),
        (["run", f"{HOSTILE}.toml", "--set", "output.url=ftp://\u202ea"], 2),
        (["run", f"{HOSTILE}.toml", "--set", f'output.storage_options={{"{HOSTILE!r}" = 1}}'], 2),
        (["run", f"{HOSTILE}.toml", "--part", HOSTILE], 2),
        (["status", "store.zarr", "--storage-option", HOSTILE], 2),
        (["status", "s3://bucket/x", "--storage-option", f"{HOSTILE}=1"], 2),
        (["extend", "store.zarr", HOSTILE], 2),
        (["verify", "store.zarr", "--level", HOSTILE], 2),
        (["verify", "store.zarr", f"--{HOSTILE}"], 2),
        ([HOSTILE], 2),
        (["sample", "out.zarr", "--mean", HOSTILE, "--cov", "1", "--size", "5", "--seed", "1"], 2),
    ],
)  # fmt: skip
def test_every_error(arguments: list[str], code: int, log_format: str, folder: Path, capsys: Captured) -> None:
    found, text = shown(capsys, *arguments, *([] if len(arguments) == 1 else ["--log-format", log_format]))
    assert found == code, text
    lines = text.splitlines()
    assert lines
    if lines[0].startswith("{"):
        assert "error" in {json.loads(line)["level"] for line in lines}
    else:
        assert all(line.startswith("mvn-dask: error: ") for line in lines)


def test_a_job_file_of_hostile_keys_and_values(folder: Path, capsys: Captured) -> None:
    key = json.dumps(HOSTILE)
    (folder / "bad.toml").write_text(f"version = 1\n{key} = {key}\n[sample]\nsize = {key}\n{key} = {{ {key} = 1 }}\n")
    code, text = shown(capsys, "plan", "bad.toml")
    assert code == 2
    assert len(text.splitlines()) >= 3
    (folder / "bad.toml").write_text(f"version = 1\n\x1b[31m{HOSTILE}")
    assert shown(capsys, "plan", "bad.toml")[0] == 2


def test_tracebacks_keep_their_lines_alone(folder: Path, capsys: Captured) -> None:
    assert run(["status", f"{HOSTILE}-nowhere", "--debug"]) == 4
    err = capsys.readouterr().err
    assert re.search(r"(?m)^NotAStoreError|^mvn_dask.errors.NotAStoreError", err)
    assert_shown_in_lines(err.removesuffix("\n"))


@pytest.mark.parametrize("name", ["mvn_dask.job", "another.package"])
def test_a_record_is_a_line(name: str) -> None:
    record = logging.makeLogRecord({"name": name, "levelno": logging.ERROR, "msg": f"{HOSTILE} is lost"})
    for formatter in (TextFormatter(), JsonFormatter()):
        assert_shown_in_lines(formatter.format(record), 1)


JOB_IN_UTF_8 = JOB.replace("mean = [0.5, 1.5]", 'mean = "m-ö.csv"').replace("store.zarr", "störe.zarr")


@pytest.mark.faults
@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "C"},
        pytest.param({"LC_ALL": "POSIX"}, marks=pytest.mark.slow),
        pytest.param({"PYTHONIOENCODING": "ascii"}, marks=pytest.mark.slow),
    ],
)
def test_a_path_beyond_ascii(environment: dict[str, str], tmp_path: Path) -> None:
    """Whatever the locale says, Python reads and writes names of files in UTF-8."""
    site = Site(tmp_path)
    (tmp_path / "jöb.toml").write_text(JOB_IN_UTF_8, encoding="utf-8")
    (tmp_path / "m-ö.csv").write_text("öl,gas\n0.5,1.5\n", encoding="utf-8")
    for command in (["plan", "jöb.toml"], ["status", "nirgendsö"]):
        ended = site.call(*command, **environment)
        assert ended.returncode == (4 if command[0] == "status" else 0), ended.stderr
        assert ended.stdout.isascii() == (environment.get("PYTHONIOENCODING") == "ascii") or command[0] == "status"
        assert len(ended.stderr.splitlines()) == (command[0] == "status")


def test_a_path_that_the_locale_cannot_hold(tmp_path: Path) -> None:
    site = Site(tmp_path)
    (tmp_path / "job.toml").write_text(JOB_IN_UTF_8, encoding="utf-8")
    ended = site.call("plan", "job.toml", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert (ended.returncode, ended.stdout) == (2, "")
    lines = ended.stderr.splitlines()
    assert len(lines) == 2
    for line in lines:
        assert "must be text that ascii can hold" in line
        assert line.endswith("set the environment variable PYTHONUTF8=1")
