"""The options of `mvn-dask sample` that name a distribution."""

import json
from pathlib import Path

import numpy as np
import pytest

import mvn_dask
from mvn_dask.cli.application import run
from mvn_dask.cli.distribution_options import DistributionOptions, distribution_table
from mvn_dask.errors import ArgumentError

Captured = pytest.CaptureFixture[str]


def test_numbers_and_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("x.csv").touch()
    preset = {"method": "auto", "check_valid": "raise"}
    assert distribution_table(DistributionOptions(mean="0,1", cov="2")) == {**preset, "mean": [0, 1], "cov": 2}
    options = DistributionOptions(from_data="x.csv", missing="drop", shrink="ledoit-wolf", index="first")
    chosen = {"path": "x.csv", "missing": "drop", "shrink": "ledoit-wolf", "index": "first"}
    assert distribution_table(options) == {**preset, "data": chosen}
    options = DistributionOptions(from_data='{path = "x.npz", key = "returns"}', missing="drop")
    assert distribution_table(options)["data"] == {"path": "x.npz", "key": "returns", "missing": "drop"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (DistributionOptions(), "--mean is required, or --from-data in place of --mean and --cov"),
        (DistributionOptions(mean="0"), "--cov is required, or --from-data in place of --mean and --cov"),
        (DistributionOptions(mean="0", df=3.0), "--mean has no meaning beside --df, which makes it a t distribution"),
        (
            DistributionOptions(marginals="{}", shape="1"),
            "--marginals has no meaning beside --shape, which makes it a t distribution",
        ),
        (DistributionOptions(df=3.0), "--location is required of a t distribution, or --from-data in"),
        (DistributionOptions(location="0", shape="1"), "--df is required of a t distribution"),
        (DistributionOptions(marginals="{}"), "--correlation is required of a Gaussian copula, or --from-data"),
        (DistributionOptions(from_data="x.csv", df=3.0, shape="1"), "--shape and --from-data exclude each other"),
        (DistributionOptions(mean="0", cov="1", shrink="none"), "--shrink is about --from-data, which was not given"),
        (DistributionOptions(mean="0", from_data="x.csv"), "--mean and --from-data exclude each other"),
        (DistributionOptions(from_data=" "), "--from-data must be a file of data, or a table as {path"),
        (DistributionOptions(from_data="{path"), """key = "returns"}, not '{path'"""),
    ],
)
def test_what_is_wrong(options: DistributionOptions, message: str) -> None:
    with pytest.raises(ArgumentError) as error:
        distribution_table(options)
    assert message in str(error.value)


def test_a_sample_of_data(tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = np.random.default_rng(1).standard_normal((50, 3))
    lines = [",".join([f"2020-01-{day:02}", *map(repr, row)]) for day, row in enumerate(rows.tolist(), start=1)]
    Path("returns.csv").write_text("\n".join(["date,oil,gas,coal", *lines, "2020-03-01,NA,1,1"]))
    given = ["--from-data", "returns.csv", "--size", "20_000", "--seed", "7", "out.zarr", "--quiet", "--json"]
    assert run(["sample", *given]) == 3
    assert (
        "must not be missing, unless missing = \"drop\" (--missing): row 52, column 'oil' is nan"
        in capsys.readouterr().err
    )
    given += ["--missing", "drop"]
    assert run(["sample", *given, "--dry-run"]) == 0
    assert json.loads(capsys.readouterr().out)["shape"] == [20_000, 3]
    assert run(["sample", *given]) == 0
    assert run(["sample", *given]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["drawn"] == 0
    assert run(["info", "out.zarr", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["names"] == ["oil", "gas", "coal"]
    drawn = mvn_dask.from_zarr("out.zarr").compute()
    # Standard errors of 20,000 rows are 0.01; five of them.
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(rows.T), atol=0.08)
    assert run(["sample", *given, "--shrink", "ledoit-wolf"]) == 4
    assert "holds another specification" in capsys.readouterr().err
    assert run(["sample", *given, "--shrink", "oas"]) == 2


@pytest.mark.parametrize("name", ["gone.csv", "1,2", "5"])
def test_a_file_that_is_not_there(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sample", "--from-data", name, "--size", "10", "--seed", "1", "--dry-run", "memory://x"]) == 2
    assert capsys.readouterr().err.endswith(f"error: --from-data: {name}: there is no such file\n")


@pytest.mark.parametrize(
    ("options", "table"),
    [
        (["--location=0,1", "--shape=[[2,1],[1,2]]", "--df=5"], {"kind": "t", "location": [0, 1], "df": 5.0}),
        (
            ["--correlation=[[1,.5],[.5,1]]", '--marginals={name = "norm", scale = 2.0}'],
            {"kind": "gaussian-copula", "correlation": [[1, 0.5], [0.5, 1]]},
        ),
        (["--mean=0", "--correlation=[[1,.5],[.5,1]]", "--standard-deviations=2"], {"standard_deviations": 2}),
    ],
)
def test_every_kind_is_that_of_a_job_file(
    options: list[str], table: dict[str, object], tmp_path: Path, capsys: Captured
) -> None:
    """A sample of options goes on with a job's, and the other way round."""
    url = str(tmp_path / "out.zarr")
    assert run(["sample", *options, "--size", "50", "--seed", "1", url]) == 0
    rest: dict[str, dict[str, object]] = {
        "t": {"shape": [[2, 1], [1, 2]]},
        "gaussian-copula": {"marginals": {"name": "norm", "scale": 2.0}},
    }
    others: dict[str, object] = {"mean": 0.0, "correlation": [[1, 0.5], [0.5, 1]]}
    job = mvn_dask.Job.from_mapping(
        {
            "version": 1,
            "distribution": {**table, **rest.get(str(table.get("kind")), others)},
            "sample": {"size": 50, "seed": 1},
            "output": {"url": url},
        }
    )
    assert job.run().drawn == 0


@pytest.mark.parametrize(("kind", "more"), [("t", ["distribution.df=5"]),
                                            ("gaussian-copula", ['distribution.marginals={name="norm"}'])])  # fmt: skip
def test_data_of_other_kinds(kind: str, more: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.csv").write_text("oil,gas\n1,2\n2,5\n4,3\n")
    sets = [word for each in [f"distribution.kind={kind}", *more] for word in ("--set", each)]
    arguments = ["--from-data", str(tmp_path / "x.csv"), "--size", "100", "--seed", "1", str(tmp_path / "o.zarr")]
    assert run(["sample", *arguments, *sets]) == 0
    assert "3 rows of 2 variables" in capsys.readouterr().err
    assert mvn_dask.from_zarr(tmp_path / "o.zarr").shape == (100, 2)
    assert run(["sample", *arguments, *sets]) == 0
    (tmp_path / "x.csv").write_text("oil,gas\n1,5\n2,2\n4,1\n")
    assert run(["sample", *arguments, *sets]) == 4
    assert "holds another specification" in capsys.readouterr().err
