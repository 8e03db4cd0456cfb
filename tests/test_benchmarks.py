import json
import subprocess
import sys
from pathlib import Path

import pytest

OTHERS = (
    "statsmodels", "fields", "gstools", "spam", "sksparse_minimal", "pymetis", "openturns", "crick", "qmcpy",
)  # fmt: skip


@pytest.mark.slow
def test_every_benchmark_runs_at_small_size(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks", "--small", "--output", str(tmp_path)]
    done = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True)
    report = json.loads((tmp_path / "bench.json").read_text())
    rows = report["rows"]
    assert {row["what"].split(",")[0].split()[0] for row in rows} == {
        "one",
        "two",
        "dask",
        "memory",
        "graph",
        "to_zarr",
        "10000",
        "blocks",
        "cholesky",
        "product",
        "1000",
        "Sobol'",
        "scipy",
        "LowRank",
        "Kronecker",
        "Banded",
        "Precision",
        "StationaryGrid",
        "nearest_psd",
        "mean",
        "value",
        "traffic",
        "probability",
        "draw",
        "quantile",
        "rows",
    }
    assert {row["peer"] for row in report["comparison"]} >= {"mvn_dask", "numpy", "numpy svd", "scipy", "lower bound"}
    assert "<svg" in (tmp_path / "bench.svg").read_text()
    # The time of a product is the difference of two, which is anything while other work goes on.
    assert all(row["value"] > 0 for row in rows if not row["what"].startswith("product"))
    assert "numpy" in done.stdout
    # Libraries in environments of their own are asked for where an interpreter is given, or at full size.
    assert report["skipped"] == dict.fromkeys(OTHERS, "no interpreter was given")
