"""Run every benchmark, print one table, and keep it as JSON."""

import argparse
import json
import platform
from dataclasses import asdict
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks import graph, kernel, store


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--small", action="store_true", help="small sizes: does it run?")
    parser.add_argument("--output", type=Path, default=Path("build/bench"), help="folder of the JSON")
    options = parser.parse_args()
    rows = [row for module in (kernel, graph, store) for row in module.measure(options.small)]
    table = Table("what", "value", "unit", "against")
    for row in rows:
        table.add_row(row.what, f"{row.value:.3g}", row.unit, row.against)
    Console(width=110).print(table)
    options.output.mkdir(parents=True, exist_ok=True)
    machine = {"python": platform.python_version(), "numpy": np.__version__, "machine": platform.machine()}
    report = {"machine": machine, "rows": [asdict(row) for row in rows]}
    path = options.output / "bench.json"
    path.write_text(json.dumps(report, indent=1))
    print(f"kept in {path}")


if __name__ == "__main__":
    main()
