"""Covariances of every structure on the command line, and in the job files that it takes."""

import json
from pathlib import Path

import numpy as np
import pytest

import mvn_dask
from mvn_dask.cli.application import run
from mvn_dask.job.toml_format import format_document, format_value
from tests.support.job_structures import STRUCTURES, made, put_files
from tests.support.jobs import mapping

Captured = pytest.CaptureFixture[str]


@pytest.mark.parametrize("name", STRUCTURES)
def test_cov_takes_every_structure(
    name: str, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    put_files(tmp_path)
    structure = STRUCTURES[name]
    table = structure.table
    given = ["--mean", "0.5", "--cov", table if isinstance(table, str) else format_value(table)]
    assert run(["sample", *given, "--size", "60", "--seed", "3", "--chunks", "20", "x.zarr"]) == 0
    assert "complete; 3 of 3 chunks drawn" in capsys.readouterr().out
    rows = mvn_dask.MultivariateNormal(0.5, made(structure)).sample(60, seed=3)
    np.testing.assert_array_equal(mvn_dask.from_zarr("x.zarr").compute(), rows.compute())


@pytest.mark.slow
def test_every_command_of_a_store(tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    put_files(tmp_path)
    cov = STRUCTURES["stationary-grid"].table
    whole = mapping(distribution={"mean": 0.0, "cov": cov}, sample={"size": 100, "seed": 1, "chunks": 10})
    (tmp_path / "job.toml").write_text(format_document(whole))
    assert run(["plan", "job.toml", "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    factor = made(STRUCTURES["stationary-grid"]).factorize()
    assert (plan["normals"], plan["flops"]) == (factor.noise_ndim, factor.flops)
    assert run(["plan", "job.toml"]) == 0
    assert f"{factor.noise_ndim} normals and {factor.flops} flops of the factor" in capsys.readouterr().out
    for arguments in (
        ["run", "job.toml", "--part", "0/2"],
        ["run", "job.toml"],
        ["status", "job.toml"],
        ["info", "samples.zarr"],
        ["verify", "job.toml", "--level", "values", "--full"],
        ["extend", "samples.zarr", "20"],
        ["verify", "samples.zarr", "--level", "checksum"],
        ["repair", "samples.zarr"],
    ):
        assert run(arguments) == 0, capsys.readouterr().err
    capsys.readouterr()
    assert run(["report", "samples.zarr"]) == 0
    assert "not tested: a factor of kind 'circulant' cannot be inverted cheaply" in capsys.readouterr().out


IMPOSSIBLE = [
    ("{kind = 'toeplitz'", 2, "--cov is no table of TOML, as {kind = "),
    ("{kind = 'toeplitz'}", 2, "--cov: first_column: is required with kind ="),
    ("{kind = 'banded', bands = 'none.npy'}", 2, "--cov: bands: none.npy: there is no such"),
    ("{kind = 'toeplitz', first_column = [1, 2]}", 3, "--cov: `first_column` "),
    ("{kind = 'kronecker', members = [{kind = 'banded', bands = [[0, 3], [1, 1]]}]}", 3, "the command line: "),
]


def test_tables_that_are_no_covariance(tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for table, code, message in IMPOSSIBLE:
        assert run(["sample", "--mean", "0", "--cov", table, "--size", "10", "--seed", "1", "x.zarr"]) == code, table
        err = capsys.readouterr().err
        assert message in err
        assert err.count("\n") == 1, err
        assert not list(tmp_path.iterdir())
