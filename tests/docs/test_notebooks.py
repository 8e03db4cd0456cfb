import re
from pathlib import Path

import pytest

import mvn_dask

DOCS = Path(__file__).parents[2] / "docs"
NOTEBOOKS = [path for path in sorted(DOCS.rglob("*.md")) if "file_format: mystnb" in path.read_text()]
CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(?P<cell>.*?)^```$", re.MULTILINE | re.DOTALL)
ALT = re.compile(r"^    alt:", re.MULTILINE)
DRAWS = re.compile(r"plt\.(subplots|figure)\(|\.plot\(\)|plot\.\w+\(")

REPORTS = re.compile(r"mvn_dask\.report\(")
"""What shows figures that have texts of their own."""


def cells(path: Path) -> list[str]:
    return [match["cell"] for match in CELL.finditer(path.read_text())]


def test_there_are_notebooks_for_four_readers() -> None:
    names = {path.relative_to(DOCS).as_posix() for path in NOTEBOOKS}
    tutorials = {"risk-desk", "field-with-xarray", "notebook-instead-of-numpy", "batch-on-slurm"}
    assert names >= {"get-started.md", *(f"tutorials/{name}.md" for name in tutorials)}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_figure_has_a_text_for_whoever_cannot_see_it(path: Path) -> None:
    """A notebook's figures are drawn by cells, so no link in the page holds their text."""
    drawn = [cell for cell in cells(path) if DRAWS.search(cell)]
    assert drawn or REPORTS.search(path.read_text()), "a notebook ends in a figure"
    assert [cell for cell in drawn if not ALT.search(cell)] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_only_public_names_are_used(path: Path) -> None:
    used = {name for cell in cells(path) for name in re.findall(r"\bmvn_dask\.(\w+)", cell)}
    assert used <= {*mvn_dask.__all__, "estimation", "plot"}
