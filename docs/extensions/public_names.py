"""Full names of all that the reference has a page for, by the names that texts use.

Input: the tables of the pages in docs/reference. Output: names with their modules.
"""

from functools import cache
from pathlib import Path

import mvn_dask

REFERENCE = Path(__file__).parents[1] / "reference"
OF_OTHERS = {"Series"}
"""Names that are another library's where texts use them alone."""


def entries() -> set[str]:
    """What the tables of the reference name, in full.

    >>> {"mvn_dask.estimate", "mvn_dask.statistics.results.Estimate"} <= entries()
    True
    """
    found = set()
    for page in REFERENCE.glob("*.md"):
        module = ""
        for line in page.read_text(encoding="utf-8").splitlines():
            if line.startswith(".. module::"):
                module = line.split()[-1]
            elif line.startswith("   ") and (name := line.strip().removeprefix("~")).replace(".", "_").isidentifier():
                found.add(f"{module or 'mvn_dask'}.{name}")
    return found


@cache
def public_names() -> dict[str, str]:
    """Full names of functions, classes and errors, by the names that texts use.

    >>> public_names()["Kronecker"], public_names()["covariance.Kronecker"]
    ('mvn_dask.covariance.Kronecker', 'mvn_dask.covariance.Kronecker')
    >>> public_names()["Estimate"]
    'mvn_dask.statistics.results.Estimate'
    """
    full_names = sorted(entries()) + [f"mvn_dask.errors.{name}" for name in dir(mvn_dask.errors)]
    return {
        name: full
        for full in full_names
        for name in (full, full.removeprefix("mvn_dask."), full.rpartition(".")[2])
        if name not in OF_OTHERS
    }
