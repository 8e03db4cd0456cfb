"""What public results look like, whatever they hold: a line in a terminal, a bounded part of a notebook."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import is_dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

import mvn_dask
from mvn_dask.covariance.circulant_embedding import EmbeddingReport
from mvn_dask.covariance.diagnostics import Diagnostics
from mvn_dask.covariance.nearest_psd import Changes
from mvn_dask.display.document import Shown
from mvn_dask.display.one_line import LONGEST_LINE, OneLine
from mvn_dask.estimation.convergence import Convergence
from mvn_dask.job.job_estimates import JobEstimates, TableEstimate
from mvn_dask.job.planning import JobPlan
from mvn_dask.job.running import RunResult
from mvn_dask.lineage import InputFile
from mvn_dask.maintenance.describe import Description
from mvn_dask.statistics.confidence_interval import ConfidenceInterval
from mvn_dask.statistics.extremes import ExtremeValues
from mvn_dask.statistics.histogram import HistogramCounts
from mvn_dask.statistics.level_estimate import LevelEstimate
from mvn_dask.statistics.mean_and_covariance import MeanAndCovarianceResult
from mvn_dask.statistics.moments import MomentEstimates
from mvn_dask.statistics.results import Estimate, Result
from mvn_dask.store.format.layout import Index
from mvn_dask.store.part_progress import PartProgress

MANY = 100_000
COLUMNS = 1000
NAME = "<script>alert(1)</script>\n\x1b[31m"
URL = f"/{'folder/' * 1000}{NAME}"
NAMES = tuple(f"{NAME}{number}" for number in range(COLUMNS))
LONGEST_HTML = 60_000
"""Characters of what a notebook gets, at most, of which 5,000 are the style."""


def estimate(*shape: int) -> Estimate:
    value = np.linspace(-1e6, 1e-3, int(np.prod(shape))).reshape(shape)
    value = value + value.T if len(shape) == 2 else value
    interval = ConfidenceInterval(value - 1.0, value + 1.0, 0.95)
    count, columns = np.full(COLUMNS, 7), NAMES if shape else None
    return Estimate(value, np.ones(shape), interval, count if shape else 7, "a rule", columns=columns, warning=NAME)


def levels() -> LevelEstimate:
    value = np.ones((50, COLUMNS))
    return LevelEstimate(
        value, value, ConfidenceInterval(value, value, 0.95), np.full(COLUMNS, 7), "a rule",
        columns=NAMES, levels=tuple(np.linspace(0.01, 0.99, 50).tolist()),
    )  # fmt: skip


def everything() -> Iterator[Any]:
    """Each public result, with as much in it as there may be."""
    chunks: tuple[Index, ...] = tuple((number, 0) for number in range(MANY))
    files = tuple(f"{NAME}{number}" for number in range(MANY))
    bad, faults = dict.fromkeys(chunks, "missing"), dict.fromkeys(files, NAME)
    yield mvn_dask.Verification(
        URL, "values", MANY, 7, MANY, MappingProxyType(bad), faults, files, files, "the same bits"
    )  # fmt: skip
    yield mvn_dask.Repair(URL, chunks, files, files, "values", 7, MANY)
    yield mvn_dask.Extension(URL, (MANY, 2), (2 * MANY, 2))
    parts = tuple(PartProgress((number, MANY), 0, 1, None) for number in range(MANY))
    yield parts[0]
    yield mvn_dask.Status(
        URL, (3, 9), MANY, MANY, 10**15, 1e9, False, (NAME,), (NAME,), MANY, 7, 1e9, 3, "f" * 64, parts
    )  # fmt: skip
    yield from (estimate(), estimate(COLUMNS), estimate(COLUMNS, COLUMNS), levels())
    yield mvn_dask.SequentialEstimate(estimate(COLUMNS), "max_rows", tuple(range(1000, 1100)))
    yield MomentEstimates(*[estimate(COLUMNS)] * 4)
    yield MeanAndCovarianceResult(estimate(COLUMNS), estimate(COLUMNS, COLUMNS))
    yield ConfidenceInterval(np.ones(COLUMNS), np.ones(COLUMNS), 0.95)
    numbers, rows, count = np.ones((300, COLUMNS)), np.full((300, COLUMNS), -1), np.full(COLUMNS, 7)
    yield ExtremeValues(numbers, rows, numbers, rows, count, columns=NAMES)
    edges = np.linspace(-1.0, 1.0, 10_001)
    yield HistogramCounts(np.ones((10_000, COLUMNS), np.int64), edges, count, count, columns=NAMES)
    yield Convergence(tuple(2**k for k in range(40)), (estimate(),) * 40)
    yield Convergence(tuple(2**k for k in range(40)), (MomentEstimates(*[estimate(COLUMNS)] * 4),) * 40)
    tables = tuple(TableEstimate(name, {"statistic": "mean"}, estimate(COLUMNS)) for name in NAMES)
    yield tables[0]
    yield JobEstimates("f" * 64, (MANY, 2), tables[:9])
    yield RunResult(URL, "f" * 64, (MANY, 2), (1, 3), MANY, 7, 9, False, 1e6)
    yield JobPlan(
        url=URL, state="another", fingerprint="f" * 64, shape=(MANY, 2), dtype="float64", rows=MANY, normals=2, flops=4,
        factor_bytes=4, streams=9, chunk_shape=(9, 2), chunks=MANY, missing=MANY, bytes=10**15, process_bytes=10**9,
        thread_bytes=10**9, memory_bytes=None, tasks=9, threads=3, cpu_seconds=1e6, seconds=1e5, write_seconds=7.0,
        needed_bytes=10**15, free_bytes=None, part=(1, 3),
    )  # fmt: skip
    yield Diagnostics(0.1, 3, 1.0, 2.0, None, 0.0)
    yield EmbeddingReport((MANY, MANY), -0.1, 0.2)
    yield Changes(0.1, 0.2, 7)
    yield Description(
        URL, "sample", False, "unfinished", "f" * 64, 1, (MANY, COLUMNS), "float64", (9, COLUMNS), None, MANY, 10**15,
        ("row", NAME), (COLUMNS,), files, NAMES, (dict.fromkeys(files, 7),), None, files, faults,
        (InputFile(NAME, NAME, "f" * 64, 7),), None, None, None, None, "the same",
    )  # fmt: skip


RESULTS = list(everything())
INSTANCES = pytest.mark.parametrize("result", RESULTS, ids=lambda result: type(result).__name__)


def public_results() -> set[type]:
    """Dataclasses of the package that are a line, and the public ones that functions give."""
    for module in walk_packages(mvn_dask.__path__, "mvn_dask."):
        if not module.name.endswith("__main__"):
            import_module(module.name)

    def below(kind: type) -> set[type]:
        found: set[type] = {kind}
        subclasses: list[type] = kind.__subclasses__()
        for subclass in subclasses:
            found |= below(subclass)
        return found

    page = (Path(__file__).parents[1] / "docs" / "reference" / "results.md").read_text()
    paths = re.findall(r"^ {3}([a-z_]+\.[\w.]+)$", page, re.MULTILINE)
    named: set[type] = {
        getattr(import_module(f"mvn_dask.{module}"), name) for module, _, name in (p.rpartition(".") for p in paths)
    }
    known: set[type] = below(OneLine) | named
    return {each for each in known if is_dataclass(each) and each.__module__.startswith("mvn_dask.")}


def test_all_are_looked_at() -> None:
    assert public_results() <= {type(each) for each in RESULTS}
    named = [getattr(mvn_dask, name) for name in mvn_dask.__all__]
    values = {each for each in named if isinstance(each, type) and is_dataclass(each)}
    distributions = {mvn_dask.MultivariateNormal, mvn_dask.MultivariateT, mvn_dask.GaussianCopula}
    assert values - distributions - {mvn_dask.Report} <= {type(each) for each in RESULTS}


@INSTANCES
def test_a_line_in_a_terminal(result: OneLine) -> None:
    line = repr(result)
    assert type(result).__repr__ is OneLine.__repr__
    assert line.isprintable()
    assert len(line) <= LONGEST_LINE


@INSTANCES
def test_a_bounded_text(result: object) -> None:
    """What `print` writes fits on a few screens; of a long URL or name all is written, once."""
    lines = str(result).split("\n")
    assert len(lines) < 150
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize(
    "result", [each for each in RESULTS if isinstance(each, Shown)], ids=lambda result: type(result).__name__
)
def test_a_bounded_part_of_a_notebook(result: Shown) -> None:
    html = result._repr_html_()
    assert len(html) < LONGEST_HTML
    assert "<script" not in html
    root = ET.fromstring(html)  # noqa: S314 our own
    assert all(len(list(table.iter("thead"))) == 1 for table in root.iter("table"))
    headers = [each for each in root.iter("th") if not "".join(each.itertext())]
    assert not headers
    assert all(each.attrib["alt"] for each in root.iter("img"))
    assert all(each.attrib["aria-label"] for each in root.iter() if each.attrib.get("role") == "img")


def test_all_results_of_functions_show_themselves() -> None:
    shown = {type(each) for each in RESULTS if isinstance(each, Shown)}
    values = {mvn_dask.Verification, mvn_dask.Repair, mvn_dask.Extension, mvn_dask.Status, JobPlan, RunResult}
    assert values | {JobEstimates, Convergence} <= shown
    assert {type(each) for each in RESULTS if isinstance(each, Result)} <= shown
    assert issubclass(mvn_dask.Job, Shown)
    assert issubclass(mvn_dask.Generator, Shown)
