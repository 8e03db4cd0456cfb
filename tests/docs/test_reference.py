"""Every public name has a page in the reference, and a docstring with all that belongs there."""

import inspect
import re
from functools import cache
from pathlib import Path

import pytest

import mvn_dask
from mvn_dask import covariance, errors, statistics

ROOT = Path(__file__).parents[2]
MODULES = {"mvn_dask": mvn_dask, "mvn_dask.covariance": covariance, "mvn_dask.statistics": statistics}
NAMES = [
    f"{module}.{name}" for module, value in MODULES.items() for name in value.__all__ if callable(getattr(value, name))
]
METHODS = [
    f"{name}.{member}"
    for name in ("Generator", "MultivariateNormal", "MultivariateT", "GaussianCopula")
    for member, _ in inspect.getmembers(getattr(mvn_dask, name), inspect.isroutine)
    if not member.startswith("_") and member not in {"sampler", "spec"}
]
CHECKS = {
    "GL08", "SS01", "SS03", "PR01", "PR02", "PR05", "PR07", "PR08", "PR09", "PR10",
    "RT01", "RT03", "SA01", "SA02", "SA04", "EX01",
}  # fmt: skip
"""Of numpydoc: a summary, parameters and what is returned with descriptions, See Also, Examples."""
RESULTS = {
    "Extension", "Repair", "Report", "SequentialEstimate", "Status", "Verification", "MeanAndCovarianceResult",
    "Covariance", "Factor", "MatrixFactor", "CirculantFactor", "CovarianceFunction", "Statistic", "Job",
}  # fmt: skip
"""What nobody makes by calling it, or is subclassed: fields and methods are documented, and no parameters."""


@cache
def faults_of(name: str) -> tuple[tuple[str, str], ...]:
    from numpydoc.validate import validate

    return tuple(
        (code, text) for code, text in validate(name)["errors"] if code in CHECKS and not of_fields(name, text)
    )


def of_fields(name: str, text: str) -> bool:
    """Whether a fault is that parameters are not documented which are fields with docstrings of their own."""
    missing = re.fullmatch(r"Parameters {(.*)} not documented", text)
    if missing is None:
        return False
    module, _, attribute = name.rpartition(".")
    source = inspect.getsource(getattr(MODULES[module], attribute))
    fields = [field.strip(" '") for field in missing[1].split(",")]
    return all(re.search(rf'\n    {field}: .*\n    """', source) for field in fields)


@pytest.mark.docs
@pytest.mark.parametrize("name", NAMES)
def test_the_docstring_has_all_that_belongs_there(name: str) -> None:
    results = name.rpartition(".")[2] in RESULTS
    found = [text for code, text in faults_of(name) if not (results and code.startswith("PR"))]
    assert found == []


@pytest.mark.docs
@pytest.mark.parametrize("name", METHODS)
def test_so_have_methods(name: str) -> None:
    found = [text for code, text in faults_of(f"mvn_dask.{name}") if not code.startswith("SA")]
    assert found == []


def entries() -> set[str]:
    """What the tables of the reference name, in full."""
    found = set()
    for page in ROOT.glob("docs/reference/*.md"):
        module = ""
        for line in page.read_text().splitlines():
            if line.startswith(".. module::"):
                module = line.split()[-1]
            elif line.startswith("   ") and line.strip().replace(".", "_").isidentifier():
                found.add(f"{module or 'mvn_dask'}.{line.strip()}")
    return found


def test_every_public_name_has_a_page() -> None:
    assert set(NAMES) - entries() == set()


def test_errors_stand_on_one() -> None:
    page = (ROOT / "docs" / "reference" / "errors.md").read_text()
    assert "automodule:: mvn_dask.errors" in page
    assert all(inspect.getdoc(getattr(errors, name)) for name in dir(errors))
