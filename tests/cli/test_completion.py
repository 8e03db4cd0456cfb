import os
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
import shellingham

from mvn_dask.cli import completion
from mvn_dask.cli.application import run
from mvn_dask.cli.completion import SHELLS, job_keys, one_of
from mvn_dask.job.job import Job
from mvn_dask.maintenance.shown_verification import Level
from tests.support.command import Site, assert_one_line

Captured = pytest.CaptureFixture[str]


def completed(words: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the command gives bash for a line that ends in a tabulator."""
    line = words.split(" ")
    for name, value in {
        "_MVN_DASK_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(len(line) - 1)
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit):
        run([])
    out, err = capsys.readouterr()
    assert err == ""
    return out.split()


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("form", ["{option} {shell}", "{option}={shell}"])
def test_a_shell_that_is_named(shell: str, form: str, capsys: Captured) -> None:
    assert run(form.format(option="--show-completion", shell=shell).split()) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "mvn-dask" in out
    assert "_MVN_DASK_COMPLETE" in out


def test_a_shell_among_the_parents(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(completion, "_parent_shell", lambda: "zsh")
    assert run(["--show-completion"]) == 0
    assert capsys.readouterr().out.startswith("#compdef mvn-dask")


def test_no_shell_among_the_parents(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container, whose first process is no shell."""

    def none() -> None:
        raise shellingham.ShellDetectionFailure

    monkeypatch.setattr(shellingham, "detect_shell", none)
    assert run(["--show-completion"]) == 2
    assert_one_line(capsys.readouterr().err, "no known shell", "--show-completion bash")
    assert run(["--show-completion", "bash"]) == 0


@pytest.mark.parametrize("option", ["--show-completion", "--install-completion"])
def test_an_unknown_shell(option: str, capsys: Captured) -> None:
    assert run([option, "tcsh"]) == 2
    assert_one_line(capsys.readouterr().err, "there is no script for 'tcsh'", "bash, zsh, fish")


def test_installation(tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert run(["--install-completion", "bash"]) == 0
    path = tmp_path / ".bash_completions" / "mvn-dask.sh"
    assert str(path) in capsys.readouterr().out
    assert path.read_text() == completion.script("bash")
    assert str(path) in (tmp_path / ".bashrc").read_text()


def test_commands_and_words(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    assert completed("mvn-dask re", capsys, monkeypatch) == ["repair", "report"]
    for command in ("verify", "repair"):
        assert completed(f"mvn-dask {command} x.zarr --level ", capsys, monkeypatch) == list(get_args(Level))
    assert completed("mvn-dask verify x.zarr --level c", capsys, monkeypatch) == ["checksum"]
    assert completed("mvn-dask run job.toml --log-format j", capsys, monkeypatch) == ["json"]
    assert completed("mvn-dask sample x.zarr --dtype ", capsys, monkeypatch) == ["float64", "float32"]
    assert "cholesky" in completed("mvn-dask sample x.zarr --method ", capsys, monkeypatch)


@pytest.mark.parametrize("command", ["plan job.toml", "run job.toml", "status job.toml", "sample x.zarr"])
def test_keys_of_a_job_file(command: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    found = completed(f"mvn-dask {command} --set ", capsys, monkeypatch)
    leaves = {f"{name}.{key.alias or word}=" for name, table in Job.model_fields.items()
              for word, key in getattr(table.annotation, "model_fields", {}).items()}  # fmt: skip
    assert leaves - set(found) == {"cluster.adaptive="}, "which is a table"
    assert {"cluster.adaptive.maximum=", "cluster.tls=", "cluster.tls.ca=", "version="} <= set(found)
    assert completed(f"mvn-dask {command} --set sample.s", capsys, monkeypatch) == ["sample.seed=", "sample.size="]


def test_words_that_a_key_takes() -> None:
    assert job_keys("output.fsync=") == ["output.fsync=false", "output.fsync=true"]
    assert job_keys("cluster.kind=th") == ["cluster.kind=threads"]
    assert job_keys("sample.size=") == []
    assert job_keys("estim") == ["estimate="], "a list of tables is set whole"
    assert one_of("a", "b")("") == ["a", "b"]


@pytest.mark.skipif(not Path("/bin/bash").exists(), reason="needs bash")
def test_in_a_real_bash(site: Site) -> None:
    """The script defines a function that fills COMPREPLY."""
    program = (
        f'mvn-dask() {{ "{sys.executable}" -m mvn_dask "$@"; }}; export -f mvn-dask\n'
        'compopt() { echo "$@" >&2; }\n'
        f'"{sys.executable}" -m mvn_dask --show-completion bash > script; source ./script\n'
        f'printf \'#!/bin/sh\\nexec "{sys.executable}" -m mvn_dask "$@"\\n\' > command; chmod +x command\n'
        "export _MVN_DASK_COMPLETE; COMP_WORDS=(mvn-dask run job.toml --set output.u); COMP_CWORD=4\n"
        '_mvn_dask_completion ./command; echo "${COMPREPLY[@]}"\n'
        "COMP_WORDS=(mvn-dask rep); COMP_CWORD=1\n"
        '_mvn_dask_completion ./command; echo "${COMPREPLY[@]}"\n'
        # As bash breaks it: the answer is what follows the break.
        "COMP_LINE='mvn-dask run job.toml  --set sample.dtype='\n"
        "COMP_WORDS=(mvn-dask run job.toml --set sample.dtype =); COMP_CWORD=5\n"
        '_mvn_dask_completion ./command; echo "${COMPREPLY[@]}"\n'
        "COMP_LINE='mvn-dask run job.toml --set sample.dtype=float3 --set cluster.kind=thr'\n"
        "COMP_WORDS=(mvn-dask run job.toml --set sample.dtype = float3 --set cluster.kind = thr); COMP_CWORD=10\n"
        '_mvn_dask_completion ./command; echo "${COMPREPLY[@]}"\n'
    )
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(
        ["/bin/bash", "-c", program], capture_output=True, text=True, check=True, cwd=site.folder, env=environment
    )
    assert done.stderr == "-o nospace\n"
    assert done.stdout.splitlines() == ["output.url=", "repair report", "float32 float64", "threads"]
