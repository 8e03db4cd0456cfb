"""Pages are read again, and notebooks executed, once something has changed that they run, show or are made by.

Input: the package, the data of the examples and these extensions. Output: a setting of Sphinx, which reads all pages
again where one of its settings is another than at the last build.
"""

from collections.abc import Iterable
from pathlib import Path

from sphinx.application import Sphinx

from mvn_dask.hashing import fingerprint

ROOT = Path(__file__).parents[2]
SOURCES = (
    "mvn_dask/**/*.py",
    "examples/data/*.csv",
    "docs/extensions/*.py",
    "docs/_templates/**/*.rst",
    "docs/*.mplstyle",
)
"""What pages depend on beside their own text."""


def digest_of(patterns: Iterable[str]) -> str:
    """A digest of the names and texts of the files that some patterns match in the repository.

    >>> digest_of(SOURCES) == digest_of(SOURCES), digest_of(SOURCES) == digest_of(SOURCES[1:])
    (True, False)
    """
    paths = {path for pattern in patterns for path in ROOT.glob(pattern)}
    return fingerprint({path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths})


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the setting."""
    app.add_config_value("sources_digest", digest_of(SOURCES), "env", [str])
    return {"parallel_read_safe": True, "parallel_write_safe": True}
