"""Commands about jobs, by their exit codes, output and files."""

import dataclasses
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mvn_dask
from mvn_dask.cli import jobs
from mvn_dask.cli.application import run
from mvn_dask.job.job import Job
from mvn_dask.job.planning import JobPlan
from mvn_dask.job.running import RunResult
from mvn_dask.store.storage.local import LocalStorage
from tests.support.command import Site, assert_one_line
from tests.support.stores import tree

Captured = pytest.CaptureFixture[str]
WRITER = ".mvn_dask/writer.json"


def listing(folder: Path) -> set[tuple[str, int]]:
    return {(str(path), path.stat().st_mtime_ns) for path in folder.rglob("*")}


class Hostile:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch hacked",)


def write_inputs(folder: Path) -> None:
    (folder / "text.csv").write_text("1.0,zero\n0.5,1.0\n")
    (folder / "names_a.csv").write_text("name,a,b\na,1.0,0.2\nb,0.2,1.0\n")
    (folder / "names_c.csv").write_text("name,value\na,1.0\nc,0.2\n")
    with (folder / "pickle.npy").open("wb") as file:
        np.save(file, np.array([Hostile()], object), allow_pickle=True)
    (folder / "raw.npy").write_bytes(pickle.dumps(Hostile()))
    np.save(folder / "three.npy", np.eye(3))


USAGE = [
    (["distribution.mean=missing.npy"], "missing.npy"),
    (["sample.seed=-1"], "seed"),
    (["sample.size='1e18'"], ""),
    (["sample.size=-5"], "size"),
    (["sample.chunks=0"], "chunks"),
    (["sample.dtype=int8"], "dtype"),
    (["sample.sede=3"], "unknown key"),
    (["cluster.kind=thread"], "kind"),
    (["output.shards=7"], "shards"),
]
DISTRIBUTION = [
    (["distribution.cov=text.csv"], "text.csv"),
    (["distribution.cov=pickle.npy"], "pickle.npy"),
    (["distribution.cov=raw.npy"], "raw.npy"),
    (["distribution.cov=three.npy"], ""),
    (["distribution.cov=names_a.csv", "distribution.mean=names_c.csv"], ""),
    (["distribution.cov=[[1.0, nan], [nan, 1.0]]"], "cov"),
    (["distribution.mean=[inf, 0.0]"], "mean"),
    (["distribution.cov=[[1.0, 2.0], [2.0, 1.0]]", "distribution.check_valid=raise"], "positive"),
    (["distribution.cov=[[1.0, 2.0], [2.0, 1.0]]", "distribution.method=cholesky"], "positive"),
]


@pytest.mark.parametrize("command", ["plan", "run"])
@pytest.mark.parametrize(("code", "table"), [(2, USAGE), (3, DISTRIBUTION)])
def test_a_wrong_job_is_one_line_and_writes_nothing(
    command: str, code: int, table: list[tuple[list[str], str]], site: Site, capsys: Captured
) -> None:
    write_inputs(site.folder)
    before = listing(site.folder)
    for overrides, message in table:
        assert site.run(command, *(part for each in overrides for part in ("--set", each))) == code, overrides
        out, err = capsys.readouterr()
        assert out == ""
        assert_one_line(err, message)
        assert listing(site.folder) == before


def test_no_seed(site: Site, capsys: Captured) -> None:
    site.job.write_text(site.job.read_text().replace("seed = 7\n", ""))
    before = listing(site.folder)
    assert site.run("run") == 2
    assert_one_line(capsys.readouterr().err, "sample.seed", "required")
    assert listing(site.folder) == before


def test_a_missing_job_file(site: Site, capsys: Captured) -> None:
    for command in ("plan", "run", "status", "verify", "repair", "info"):
        assert run([command, str(site.folder / "nope.toml")]) == 2
        assert_one_line(capsys.readouterr().err, "nope.toml", "no such file")


def test_an_impossible_part(site: Site, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLURM_ARRAY_TASK_ID", raising=False)
    for part in ("9/8", "8/8", "1", "-1/8", "a/b", "auto", "0/0"):
        assert site.run("run", f"--part={part}") == 2, part
        assert_one_line(capsys.readouterr().err, "part")
        assert not site.store.exists()


@pytest.mark.parametrize("form", ["text", "json"])
def test_debug_adds_a_traceback(form: str, site: Site, capsys: Captured) -> None:
    site.run("run", "--part", "9/8", "--log-format", form)
    assert "Traceback" not in capsys.readouterr().err
    assert site.run("run", "--part", "9/8", "--log-format", form, "--debug") == 2
    assert "Traceback" in capsys.readouterr().err


def test_an_output_below_a_file(site: Site, capsys: Captured) -> None:
    before = listing(site.folder)
    assert site.run("run", "--set", "output.url=job.toml/x.zarr") == 4
    assert_one_line(capsys.readouterr().err, "is a file", "job.toml/x.zarr")
    assert listing(site.folder) == before


def test_an_output_that_holds_something_else(site: Site, capsys: Captured) -> None:
    site.store.mkdir()
    (site.store / "letter.txt").write_text("dear")
    for more in ([], ["--set", "output.overwrite=true"]):
        assert site.run("run", *more) == 4
        assert_one_line(capsys.readouterr().err, "is not empty", "letter.txt")
    assert tree(site.store) == {"letter.txt": b"dear"}


def test_plan_writes_nothing_and_run_does_as_planned(site: Site, capsys: Captured) -> None:
    before = listing(site.folder)
    url = ["--set", "output.url=a/b/store.zarr"]
    assert site.run("plan", *url, "--json") == 0
    out, err = capsys.readouterr()
    assert err == ""
    planned = json.loads(out)
    assert planned.keys() == {field.name for field in dataclasses.fields(JobPlan)}
    assert listing(site.folder) == before
    assert site.run("run", *url, "--json") == 0
    out, err = capsys.readouterr()
    ran = json.loads(out)
    assert ran.keys() == {field.name for field in dataclasses.fields(RunResult)}
    assert (ran["url"], ran["fingerprint"], ran["shape"]) == (planned["url"], planned["fingerprint"], planned["shape"])
    assert (ran["drawn"], ran["missing"], ran["complete"], ran["part"]) == (planned["missing"], 0, True, None)
    chunks = list((site.folder / "a" / "b" / "store.zarr" / "samples" / "c").glob("*/0"))
    assert sum(path.stat().st_size for path in chunks) == planned["bytes"]
    after = listing(site.folder)
    assert site.run("plan", *url, "--json") == 0
    assert json.loads(capsys.readouterr().out)["state"] == "complete"
    assert listing(site.folder) == after


def test_the_same_command_again_does_nothing(site: Site, capsys: Captured) -> None:
    assert site.run("run") == 0
    assert "complete; 16 of 16 chunks drawn" in capsys.readouterr().out
    before = listing(site.store)
    assert site.run("run") == 0
    assert capsys.readouterr() == (f"{site.store}: complete; nothing to draw\n", "")
    assert site.run("run", "--part", "3/4") == 0
    assert listing(site.store) == before
    direct = mvn_dask.MultivariateNormal([0.5, 1.5], [[2.0, 0.5], [0.5, 1.0]]).sample(16_000, seed=7, chunks=1000)
    np.testing.assert_array_equal(mvn_dask.from_zarr(site.store), direct)


def test_parts(site: Site, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    assert site.run("run", "--part", "1/3", "--json") == 0
    part = json.loads(capsys.readouterr().out)
    assert (part["part"], part["drawn"], part["missing"], part["complete"]) == ([1, 3], 5, 11, False)
    assert site.run("run", "--part", "1/3") == 0
    assert "part 1/3 is done; nothing to draw; 11 chunks of other parts are missing" in capsys.readouterr().out
    assert site.run("status") == 0
    assert not (site.store / "zarr.json").exists()
    monkeypatch.setenv("SLURM_ARRAY_TASK_ID", "4")
    monkeypatch.setenv("SLURM_ARRAY_TASK_COUNT", "3")
    monkeypatch.setenv("SLURM_ARRAY_TASK_MIN", "2")
    monkeypatch.setenv("SLURM_ARRAY_TASK_MAX", "4")
    assert site.run("run", "--part", "auto") == 0
    monkeypatch.setenv("SLURM_ARRAY_TASK_ID", "9")
    assert site.run("run", "--part", "auto/3") == 0
    assert tree(site.store) == site.reference()


def test_overwrite(site: Site, capsys: Captured) -> None:
    assert site.run("run", "--set", "sample.seed=8") == 0
    capsys.readouterr()
    before = listing(site.store)
    assert site.run("run") == 4
    other = "`samples[0].entropy` is '8' in the store, '7' here"
    assert_one_line(
        capsys.readouterr().err, f"another specification: {other}. Run the job that", "output.overwrite = true"
    )
    assert site.run("status") == 0
    assert other in capsys.readouterr().out
    overwrite = ["--set", "output.overwrite=true"]
    assert site.run("run", *overwrite, "--part", "0/2") == 2
    assert_one_line(capsys.readouterr().err, "overwrite")
    assert listing(site.store) == before
    assert site.run("run", *overwrite) == 0
    assert tree(site.store) == site.reference()
    (site.store / "samples" / "c" / "5" / "0").unlink()
    before = listing(site.store / "samples" / "c" / "6")
    assert site.run("run", *overwrite, "--json") == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["drawn"] == 1, "its own store is gone on with"
    assert listing(site.store / "samples" / "c" / "6") == before
    manifest = site.store / ".mvn_dask" / "manifest.json"
    manifest.write_text("{")
    assert site.run("run") == 4
    assert site.run("run", *overwrite) == 0
    assert tree(site.store) == site.reference()


def test_a_scheduler_that_is_not_there(site: Site, capsys: Captured) -> None:
    kind = ["--set", "cluster.kind=scheduler", "--connect-timeout", "0.2"]
    assert site.run("run", *kind, "--set", "cluster.address=tcp://127.0.0.1:9") == 1
    assert_one_line(capsys.readouterr().err, "no scheduler answers within 0.2 s")
    assert site.run("run", *kind, "--set", "cluster.scheduler_file=nope.json") == 1
    assert_one_line(capsys.readouterr().err, "no scheduler wrote", "nope.json")
    assert not site.store.exists()


@pytest.mark.filterwarnings("default")
def test_a_covariance_that_is_none_is_a_warning(site: Site, capsys: Captured) -> None:
    cov = "distribution.cov=[[1.0, 2.0], [2.0, 1.0]]"
    assert site.run("run", "--set", cov) == 3
    capsys.readouterr()
    assert site.run("run", "--set", cov, "--set", 'distribution.check_valid="warn"') == 0
    err = capsys.readouterr().err
    assert err.startswith("mvn-dask: warning: ")
    assert err.count("\n") == 1
    assert "positive" in err


@pytest.mark.parametrize(
    ("mean", "cov", "files"),
    [
        ("0.5,1.5", "[[2.0, 0.5], [0.5, 1.0]]", []),
        ("[0.5, 1.5]", "cov.csv", ["cov.csv"]),
        ("mean.npy", "cov.csv", ["mean.npy", "cov.csv"]),
        (".5,1.5", "[[2., .5], [.5, 1.]]", []),
        ("mean.npy", '{path = "both.npz", key = "cov"}', ["mean.npy", "both.npz"]),
    ],
)
def test_sample(
    mean: str, cov: str, files: list[str], site: Site, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(site.folder)
    (site.folder / "cov.csv").write_text("2.0,0.5\n0.5,1.0\n")
    np.save(site.folder / "mean.npy", [0.5, 1.5])
    np.savez(site.folder / "both.npz", cov=[[2.0, 0.5], [0.5, 1.0]])
    given = ["--mean", mean, "--cov", cov, "--size", "1.6e4", "--seed", "7", "--chunks", "1000"]
    assert run(["sample", *given, "store.zarr"]) == 0
    assert "complete; 16 of 16 chunks drawn" in capsys.readouterr().out
    stored, reference = tree(site.store), site.reference()
    # The bytes are those of numbers in the job file, but for the names of the files that they were read from.
    written = json.loads(stored.pop(WRITER))
    assert [each["name"] for each in written.pop("inputs", [])] == files
    assert written == json.loads(reference.pop(WRITER))
    assert stored == reference
    assert run(["sample", *given, "store.zarr"]) == 0


def test_sample_of_another_shape(site: Site, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(site.folder)
    arguments = "--mean 1 --cov 4 --size 100,3 --seed 7,8 --dtype float32 x.zarr"
    assert run(["sample", *arguments.split(), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["shape"] == [100, 3, 1]
    assert mvn_dask.from_zarr("x.zarr").dtype == np.float32


IMPOSSIBLE = [
    ("--size", "many", 2, "size"),
    ("--seed", "x", 2, "seed"),
    ("--mean", "missing.npy", 2, "missing.npy"),
    ("--mean", "nan", 3, "mean"),
    ("--mean", "true", 2, "mean"),
    ("--mean", "", 2, "mean"),
    ("--cov", "[[1, 2], [2, 1], [0, 0]]", 3, "cov"),
    ("--cov", "2026-01-01", 2, "--cov must be numbers, as 0.1,0.2 or [[2,1],[1,2]], or a file"),
    ("--cov", "2,1;1,2", 2, "is neither"),
    ("--mean", "0,0,", 2, "is neither"),
    ("--mean", "0\nfoo = 1", 2, "--mean must be"),
    ("--cov", "[" * 3000 + "1" + "]" * 3000, 2, "is neither"),
    ("--cov", f"[[{'9' * 5000}, 0], [0, 1]]", 2, "at most 640 digits"),
    ("--cov", "http://host/cov.zarr", 2, "--cov: must be a path, or an s3://"),
    ("--cov", "[[1, 2], [2, 1]]", 3, "scaled to a unit diagonal, is -1 "),
    ("--cov", "[[1, 0.9], [0, 1]]", 3, "(cov + cov.T) / 2"),
    ("--check-valid", "sometimes", 2, "--check-valid: must be"),
    ("--method", "qr", 2, "method"),
    ("--dtype", "float16", 2, "dtype"),
    ("--chunks", "huge", 2, "chunks"),
]


def test_a_sample_that_cannot_be(tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for option, value, code, message in IMPOSSIBLE:
        given = {"--mean": "0,0", "--cov": "1", "--size": "10", "--seed": "1", option: value}
        assert run(["sample", *(word for pair in given.items() for word in pair), "x.zarr"]) == code, (option, value)
        assert_one_line(capsys.readouterr().err, message)
        assert not list(tmp_path.iterdir())


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("check_valid", ["warn", "ignore"])
def test_a_covariance_that_is_none_is_drawn_if_asked(
    check_valid: str, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    given = ["--mean", "0,0", "--cov", "[[2, 3], [3, 2]]", "--size", "100", "--seed", "1", "x.zarr"]
    assert run(["sample", *given, "--check-valid", check_valid, "--quiet"]) == 0
    assert ("positive-semidefinite" in capsys.readouterr().err) == (check_valid == "warn")
    for command in ("info", "report"):
        assert run([command, "x.zarr", "--quiet"]) == 5
        assert "is 2.5, and 2 was asked for" in capsys.readouterr().out


def test_init(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "new.toml"
    assert run(["init", str(path)]) == 0
    assert capsys.readouterr() == ("", f"mvn-dask: wrote {path}: edit it, then call mvn-dask plan {path}\n")
    text = path.read_text()
    assert Job.from_toml(path).sample.seed is not None
    path.write_text("mine")
    assert run(["init", str(path)]) == 4
    assert_one_line(capsys.readouterr().err, "new.toml exists", "--force")
    assert path.read_text() == "mine"
    assert run(["init", str(path), "--force", "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")
    assert path.read_text() == text


def test_the_resuming_command_holds_no_options(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = ["run", "a job.toml", "--dashboard", "127.0.0.1:80", "--set", "sample.size=1e9"]
    tables = ["distribution.storage_options.key", "output.storage_options.a.b", "cluster.options"]
    secret = ["--set=output.options.x=hunter2", *(part for key in tables for part in ("--set", f"{key}=hunter2"))]
    monkeypatch.setattr(sys, "argv", ["mvn-dask", *plain, *secret])
    command = jobs._resuming_command()
    assert command.startswith("mvn-dask run 'a job.toml' --dashboard 127.0.0.1:80 --set sample.size=1e9 '--set=output.")
    assert "hunter2" not in command
    assert command.count("…") == 4


def test_a_store_that_does_not_fit(site: Site, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """A warning in a plan, a refusal in a run, and both name the way out."""
    monkeypatch.setattr(LocalStorage, "free_bytes", lambda _: 1000)
    assert site.run("plan") == 0
    out, err = capsys.readouterr()
    assert "free         1000 B" in out
    assert err.startswith(
        f"mvn-dask: warning: {site.store} does not fit: 250 KiB are missing in it, and 1000 B are free"
    )
    assert "--force" in err
    assert site.run("run") == 4
    assert_one_line(capsys.readouterr().err, "does not fit", "or use --force to begin all the same")
    assert not site.store.exists()
    assert site.run("run", "--force") == 0
    monkeypatch.undo()
    assert tree(site.store) == site.reference()


def test_a_plan_with_a_probe(site: Site, capsys: Captured) -> None:
    before = listing(site.folder)
    assert site.run("plan", "--probe", "--json") == 0
    content = json.loads(capsys.readouterr().out)
    assert content["write_seconds"] > 0
    assert site.run("plan", "--probe") == 0
    out = capsys.readouterr().out
    assert "writing is not in it" in out
    assert "chunk after chunk, at" in out
    assert "(--mem): " in out
    assert listing(site.folder) == before


@pytest.mark.parametrize(
    ("option", "table", "message"),
    [
        (["--tls"], "", '--tls: means nothing with kind = "threads"'),
        (["--dashboard", '127.0.0.1:0"\nx="'], "", '--dashboard: cluster.options: means nothing with kind = "threads"'),
        (["--tls"], '[cluster]\nkind = "scheduler"\naddress = "tcp://127.0.0.1:1"\n', "--tls: must be a table of ca"),
    ],
)
def test_an_option_is_named_as_it_was_written(
    option: list[str], table: str, message: str, site: Site, capsys: Captured
) -> None:
    (site.folder / "job.toml").write_text((site.folder / "job.toml").read_text() + table)
    assert site.run("run", *option) == 2
    err = capsys.readouterr().err
    assert_one_line(err, message)
    assert "--set" not in err


def test_a_url_that_cannot_be_is_an_error_with_file_and_line(site: Site, capsys: Captured) -> None:
    job = site.folder / "job.toml"
    text = job.read_text()
    line = next(number for number, each in enumerate(text.splitlines(), 1) if each.startswith("url ="))
    for url in ("http://h/x.zarr", "gcs://h/x.zarr", "s3://b/../x.zarr", "s3://../x.zarr"):
        job.write_text(text.replace('"store.zarr"', f'"{url}"'))
        for command in ("plan", "run", "status", "info"):
            assert site.run(command) == 2, url
            assert_one_line(capsys.readouterr().err, f"{job}:{line}: output.url: must be a p")


@pytest.mark.slow
def test_names_that_the_locale_cannot_hold(tmp_path: Path) -> None:
    """They arrive as the system has them, in every place of a command line where a path may stand."""
    np.save(tmp_path / "mö.npy", [0.5, 1.5])
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    rest = ["--cov", "1", "--size", "10", "--seed", "1", "--quiet"]
    program = [sys.executable, "-m", "mvn_dask"]
    for arguments in (
        ["sample", "sö.zarr", "--mean", "mö.npy", *rest],
        ["sample", "x.zarr", "--mean", "0,0", "--set", "output.url=tö.zarr", *rest],
        ["sample", b"x\xff.zarr", "--mean", "0,0", *rest],
        ["status", "sö.zarr", "--json"],
    ):
        found = subprocess.run([*program, *arguments], cwd=tmp_path, env=environment, capture_output=True, check=False)
        assert found.returncode == 0, found.stderr
    made = {"mö.npy", "sö.zarr", "tö.zarr", os.fsdecode(b"x\xff.zarr")}
    assert {path.name for path in tmp_path.iterdir()} == made


def test_a_dry_run_of_a_sample_writes_nothing(
    tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    drawn = ["--mean", "0,1", "--cov", "[[2,1],[1,2]]", "--size", "100_000", "--seed", "7"]
    given = ["out.zarr", *drawn, "--chunks", "25_000"]
    assert run(["sample", *given, "--dry-run", "--json"]) == 0
    out, err = capsys.readouterr()
    planned = json.loads(out)
    assert err == ""
    assert (planned["state"], planned["shape"], planned["chunks"], planned["missing"]) == ("new", [100_000, 2], 4, 4)
    assert (planned["streams"], planned["factor_bytes"]) == (4, 32)
    assert list(tmp_path.iterdir()) == []
    assert run(["sample", *given, "--part", "0/4", "--quiet"]) == 0
    before = listing(tmp_path)
    capsys.readouterr()
    assert run(["sample", *given, "--dry-run"]) == 0
    text = capsys.readouterr().out
    assert "this job, begun" in text
    assert "4 of shape (25000, 2); 3 to draw" in text
    assert listing(tmp_path) == before
    assert run(["sample", *given[:-2], "--chunks", "none", "--dry-run"]) == 2
    assert run(["sample", *given, "--set", "sample.seed=8", "--dry-run"]) == 0
    assert "another store" in capsys.readouterr().out


def test_a_dry_run_warns_of_a_full_disk(tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(LocalStorage, "free_bytes", lambda _: 10)
    given = ["out.zarr", "--mean", "0", "--cov", "1", "--size", "1000", "--seed", "7"]
    assert run(["sample", *given, "--dry-run"]) == 0
    err = capsys.readouterr().err
    assert err.startswith("mvn-dask: warning: ")
    assert err.endswith("the same command without --dry-run will refuse it, unless with --force\n")
