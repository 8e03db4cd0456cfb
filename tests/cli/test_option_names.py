"""Errors name what was typed: an option, not the argument in Python or the key of a job file that it stands for."""

from inspect import signature
from pathlib import Path

import pytest

from mvn_dask.cli.application import run
from mvn_dask.cli.jobs import SAMPLE_OPTIONS, sample
from mvn_dask.cli.option_names import OptionNames, option_names
from mvn_dask.job.keys import known_keys
from tests.support.command import Site

Captured = pytest.CaptureFixture[str]
NO_KEYS = {
    "--part", "--set", "--force", "--dry-run", "--grace", "--connect-timeout", "--json", "--quiet", "--log-format",
    "--debug",
}  # fmt: skip
"""Options of `sample` that stand for no key of a job."""
NORMAL = {"--mean": "0", "--cov": "[[2,1],[1,2]]"}
WRONG: list[tuple[dict[str, str | None], str]] = [
    ({"OUT": "ftp://x/y"}, "OUT: must be"),
    ({"--size": "-3"}, "--size: must be"),
    ({"--seed": "one"}, "--seed: must be"),
    ({"--dtype": "float16"}, "--dtype: must be"),
    ({"--chunks": "0"}, "--chunks: must be"),
    ({"--mean": "0,nan"}, "--mean: must be finite"),
    ({"--mean": "[[1,2],[3,4]]"}, "--mean: must be a number or"),
    ({"--cov": "[[1,2],[3]]"}, "--cov: row 2 has"),
    ({"--cov": '{kind = "low-rank", variances = 1}'}, "--cov: loadings: is required"),
    ({"--method": "qr"}, "--method: must be"),
    ({"--check-valid": "maybe"}, "--check-valid: must be"),
    ({"--cov": None, "--correlation": "[[1,2],[2,1]]", "--standard-deviations": "1"}, "--correlation: "),
    ({"--cov": None, "--correlation": "[[1,0],[0,1]]", "--standard-deviations": "-1"}, "--standard-deviations: "),
    ({"--mean": None, "--cov": None, "--location": "nan", "--shape": "1", "--df": "3"}, "--location: must be finite"),
    ({"--mean": None, "--cov": None, "--location": "0", "--shape": "nan", "--df": "3"}, "--shape: must be finite"),
    ({"--mean": None, "--cov": None, "--from-data": "x.csv", "--df": "1"}, "--df: must be greater than 2"),
    ({"--mean": None, "--cov": None, "--from-data": "x.csv", "--marginals": "norm"}, "--marginals: must be a table"),
    ({"--mean": None, "--cov": None, "--from-data": "gone.csv"}, "--from-data: gone.csv: there is no such file"),
    ({"--mean": None, "--cov": None, "--from-data": "{path = 1}"}, "--from-data: must be"),
    ({"--mean": None, "--cov": None, "--from-data": "x.csv", "--shrink": "x"}, "--shrink: must be"),
    ({"--mean": None, "--cov": None, "--from-data": "x.csv", "--missing": "x"}, "--missing: must be"),
    ({"--mean": None, "--cov": None, "--from-data": "x.csv", "--index": "x"}, "--index: must be"),
    ({"--cov": "[[1,2],[2,1]]"}, "--check-valid ignore to sample anyway"),
    ({"--cov": "[[1,2],[2,1]]", "--method": "cholesky"}, "use --method svd, eigh or auto"),
]


def test_every_option_of_a_sample_has_its_key() -> None:
    names = option_names(signature(sample).parameters.values(), {}).parameters
    assert {*names.values()} == {*SAMPLE_OPTIONS.values(), *NO_KEYS}
    assert SAMPLE_OPTIONS.keys() <= known_keys().keys()
    assert {*SAMPLE_OPTIONS.values()} == {option for given, _ in WRONG for option in given}, "each has a wrong value"


@pytest.mark.parametrize(
    ("given", "words"), WRONG, ids=[" ".join(f"{k} {v}" for k, v in each.items()) for each, _ in WRONG]
)
def test_a_sample(
    given: dict[str, str | None], words: str, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("x.csv").write_text("oil,gas\n1,2\n3,4\n5,1\n")
    options = {"OUT": "out.zarr", "--size": "10", "--seed": "1", **NORMAL, **given}
    arguments = [f"{key}={value}" for key, value in options.items() if value is not None and key != "OUT"]
    assert run(["sample", str(options["OUT"]), *arguments]) in {2, 3}
    err = capsys.readouterr().err
    assert err.startswith(f"mvn-dask: error: {words}") or words.startswith("use ") or "ignore" in words
    assert words in err
    assert not any(f"{key[0]}.{key[1]}" in err for key in SAMPLE_OPTIONS), err
    assert not Path("out.zarr").exists()


def test_what_is_set_keeps_its_key(capsys: Captured) -> None:
    arguments = ["--mean=0", "--cov=1", "--size=10", "--seed=1", "memory://x"]
    assert run(["sample", *arguments, "--set", "sample.dtype=float16"]) == 2
    assert capsys.readouterr().err.startswith("mvn-dask: error: --set sample.dtype=float16: must be ")
    assert run(["sample", *arguments, "--set", "sample.points=sobol", "--size=12"]) == 2
    assert "--set sample.points=sobol: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["verify", "--level", "x"], "--level must be 'size'"),
        (["repair", "--level", "x"], "--level must be 'size'"),
        (["verify", "--full"], "--full goes with --level='values'"),
        (["extend", "1e30"], "ROWS must be at least 1"),
        (["status", "--parts", "0"], "--parts must be at least 1"),
        (["status", "--parts", "2", "--part", "0/2"], "--part is one part, and --parts is all of them"),
        (["status", "--part", "2/2"], "--part must be i/n with"),
        (["info", "--storage-option", "region=x"], "values of --storage-option go with the URL"),
    ],
)
def test_arguments_of_python(arguments: list[str], words: str, site: Site, capsys: Captured) -> None:
    assert site.run("run", "--quiet") == 0
    assert run([arguments[0], str(site.store), *arguments[1:]]) == 2
    err = capsys.readouterr().err
    assert err.splitlines()[-1].startswith(f"mvn-dask: error: {words}")
    assert "`" not in err


def test_jobs_keep_their_keys(site: Site, capsys: Captured) -> None:
    """With the line, of arrays in the file too."""
    site.job.write_text(site.job.read_text().replace("[0.5, 1.5]", "[0.5, inf]"))
    assert site.run("run") == 3
    assert f"error: {site.job}:4: distribution.mean: must be finite: mean[1] is inf" in capsys.readouterr().err


def test_texts_without_names() -> None:
    assert OptionNames().applied("`level` of sample.dtype") == "`level` of sample.dtype"
