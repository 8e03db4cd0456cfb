"""Run every benchmark, print one table, write it as JSON and as a plot."""

import argparse
import json
import os
import platform
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks import (
    comparison,
    covariances,
    coverage,
    engine,
    estimates,
    factorizing,
    graph,
    plot,
    points,
    products,
    scaling,
    small_draws,
    store,
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--small", action="store_true", help="small sizes: does it run?")
    parser.add_argument("--output", type=Path, default=Path("build/bench"), help="folder of the results")
    parser.add_argument(
        "--python", action="append", default=[], metavar="LIBRARY=INTERPRETER", help="an environment that has a library"
    )
    modules = {
        "scaling": scaling, "graph": graph, "engine": engine, "store": store, "factorizing": factorizing,
        "products": products, "small_draws": small_draws, "points": points,
    }  # fmt: skip
    # Those that have peers in environments of their own, and a study that takes many minutes.
    with_peers = {"covariances": covariances.measure, "estimates": estimates.measure}
    parser.add_argument("--only", action="append", choices=[*modules, *with_peers, "comparison", "coverage"])
    options = parser.parse_args()
    parts = options.only or [*modules, *with_peers, "comparison"]
    options.output.mkdir(parents=True, exist_ok=True)
    rows = [row for part in parts if part in modules for row in modules[part].measure(options.small)]
    report: dict[str, object] = {"machine": machine()}
    skipped: dict[str, str] = {}
    peers = options.output / "environments", dict(pair.split("=", 1) for pair in options.python)
    for part in [part for part in parts if part in with_peers]:
        found, missing = with_peers[part](options.small, *peers)
        rows, skipped = [*rows, *found], {**skipped, **missing}
    if "coverage" in parts:
        rows += coverage.measure(options.small)
    if "comparison" in parts:
        result = comparison.run(options.small, *peers)
        rows += comparison.rows(result)
        report |= {"comparison": comparison.as_json(result)}
        skipped |= result.skipped
        plot.draw(result, ", ".join(machine().values()), options.output / "bench.svg")
    report |= {"rows": [asdict(row) for row in rows], "skipped": skipped}
    table = Table("what", "value", "unit", "against", "target")
    for row in rows:
        table.add_row(row.what, f"{row.value:.3g}", row.unit, row.against, row.target)
    Console(width=170).print(table)
    path = options.output / "bench.json"
    path.write_text(json.dumps(report, indent=1))
    print(f"written to {path}")


def machine() -> dict[str, str]:
    """Where and when this was measured."""
    model = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        models = [line.split(":")[1].strip() for line in information.read_text().splitlines() if "model name" in line]
        model = (models or [model])[0]
    return {
        "processor": f"{model}, {os.cpu_count()} cores",
        "python": f"Python {platform.python_version()}",
        "numpy": f"numpy {np.__version__}",
        "kernel": f"OpenBLAS kernel {os.environ.get('OPENBLAS_CORETYPE', 'of its own choice')}",
        "date": datetime.now(UTC).date().isoformat(),
    }


if __name__ == "__main__":
    main()
