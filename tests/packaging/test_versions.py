"""What is written in several files for those who publish: versions, dates and bounds agree."""

import re
import tomllib
from pathlib import Path
from typing import Any

import yaml

import mvn_dask

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
USERS_EXTRAS = ("dashboard", "icechunk", "jobqueue", "objects", "parquet", "plot", "sparse", "tls", "xarray")
CONDA_NAMES = {"dask[array]": "dask-core"}


def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def bounds(requirements: list[str]) -> dict[str, str]:
    """Lowest versions by name; every requirement has one.

    >>> bounds(["dask[array]>=2025.9", "numba>=0.62; python_version < '3.16'"])
    {'dask[array]': '2025.9', 'numba': '0.62'}
    """
    return dict(requirement.split(";")[0].strip().split(">=") for requirement in requirements)


def newest_release() -> tuple[str, str]:
    """Version and date of the topmost section of the changelog that has both."""
    section = re.search(r"(?m)^## (\S+) \((\d{4}-\d\d-\d\d)\)$", text("CHANGELOG.md"))
    assert section is not None
    return section[1], section[2]


def test_version_and_date_agree() -> None:
    """Between releases `__version__` is that of the next one, and all other files have that of the last."""
    version, date = newest_release()
    citation = yaml.safe_load(text("CITATION.cff"))
    assert (citation["version"], citation["date-released"]) == (version, date)
    assert yaml.safe_load(text("conda/recipe.yaml"))["context"]["version"] == version
    is_developed = mvn_dask.__version__.endswith(".dev0")
    assert is_developed == ("\n## Unreleased\n" in text("CHANGELOG.md"))
    assert is_developed or mvn_dask.__version__ == version


def test_the_recipe_has_the_projects_dependencies() -> None:
    recipe = yaml.safe_load(text("conda/recipe.yaml"))
    run = dict(line.split(" >=") for line in recipe["requirements"]["run"] if not line.startswith("python "))
    assert run == {CONDA_NAMES.get(name, name): version for name, version in bounds(PROJECT["dependencies"]).items()}
    assert recipe["context"]["python_min"] == PROJECT["requires-python"].removeprefix(">=")
    (command,) = PROJECT["scripts"].items()
    assert recipe["build"]["python"]["entry_points"] == [" = ".join(command)]
    assert recipe["about"]["license"] == PROJECT["license"]


def test_the_table_of_bounds_is_the_projects() -> None:
    rows = re.findall(r"(?m)^\| (\S+) \| ([\d.]+) \|(?: `(\w+)`)? \|$", text("docs/support.md"))
    extras = PROJECT["optional-dependencies"]
    groups = {"": PROJECT["dependencies"], **{extra: extras[extra] for extra in USERS_EXTRAS}}
    expected = {
        (name.split("[")[0], version, extra)
        for extra, requirements in groups.items()
        for name, version in bounds(requirements).items()
    }
    assert set(rows) == expected
    assert len(rows) == len(expected)
    assert set(re.findall(r"(?m)^\| `(\w+)`", text("README.md"))) <= set(USERS_EXTRAS)


def test_every_extra_of_users_is_in_the_readme() -> None:
    table = text("README.md").split("## Install")[1].split("## ")[0]
    assert set(re.findall(r"`(\w+)`", "".join(re.findall(r"(?m)^\|.*?\|", table)))) == set(USERS_EXTRAS)
