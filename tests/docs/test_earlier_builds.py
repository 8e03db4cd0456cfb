"""A second build of a small site, of which pages, names and files have gone since the first."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from docs.check_site import faults

pytestmark = pytest.mark.docs
ROOT = Path(__file__).parents[2]
CONF = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
extensions = [
    "myst_parser", "sphinx.ext.autosummary", "sphinx.ext.viewcode", "docs.extensions.earlier_builds",
    "docs.extensions.repository_links",
]
default_role = "code"
"""
INDEX = """# Index

{links}

```{{toctree}}
{pages}
```

```{{eval-rst}}
.. currentmodule:: mvn_dask.readable

.. autosummary::
   :toctree: generated/

   {names}
```
"""


def build(folder: Path, links: str, pages: str, names: str) -> tuple[int, str]:
    (folder / "docs" / "index.md").write_text(INDEX.format(links=links, pages=pages, names=names))
    command: list[str | Path] = [sys.executable, "-m", "sphinx", "-b", "html", "-W", "--keep-going", "--quiet"]
    command += ["-d", folder / "doctrees", folder / "docs", folder / "site"]
    run = subprocess.run(command, check=False, capture_output=True, text=True)
    return run.returncode, run.stderr


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site that was built, and what it is made of."""
    folder = tmp_path_factory.mktemp("repository")
    docs = folder / "docs"
    docs.mkdir()
    (docs / "conf.py").write_text(CONF)
    (folder / "a.txt").write_text("a")
    (folder / "b.txt").write_text("b")
    (docs / "kept.md").write_text("# Kept\n")
    (docs / "old.md").write_text("# Old\n")
    assert build(folder, "[a](../a.txt) [b](../b.txt)", "kept\nold", "decimal\n   plural") == (0, "")
    assert faults(folder / "site") == []
    return folder


@pytest.fixture
def folder(first: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(first, tmp_path / "repository"))


def test_nothing_is_left_of_pages_names_and_files_that_have_gone(folder: Path) -> None:
    site, docs = folder / "site", folder / "docs"
    assert (site / "old.html").is_file()
    (docs / "old.md").rename(docs / "new.md")
    (folder / "b.txt").unlink()
    assert build(folder, "[a](../a.txt)", "kept\nnew", "plural") == (0, "")
    assert faults(site) == []
    pages = {path.relative_to(site).as_posix() for path in site.rglob("*.html")}
    assert {"kept.html", "new.html", "source/a.txt.html", "generated/mvn_dask.readable.plural.html"} <= pages
    assert not pages & {"old.html", "source/b.txt.html", "generated/mvn_dask.readable.decimal.html"}
    assert [path.name for path in (docs / "generated").iterdir()] == ["mvn_dask.readable.plural.rst"]
    assert "old.html" not in (site / "kept.html").read_text()


def test_a_warning_is_repeated_until_its_reason_is_gone(folder: Path) -> None:
    (folder / "docs" / "kept.md").write_text("# Kept\n\n[nothing](nowhere.md)\n")
    for _ in range(2):
        code, said = build(folder, "", "kept\nold", "plural")
        assert code == 1
        assert "nowhere.md" in said
    (folder / "docs" / "kept.md").write_text("# Kept\n")
    assert build(folder, "", "kept\nold", "plural") == (0, "")


def test_a_folder_that_holds_something_else_is_left_alone(folder: Path) -> None:
    shutil.rmtree(folder / "site")
    (folder / "site").mkdir()
    (folder / "site" / "notes.txt").touch()
    assert build(folder, "", "kept\nold", "plural") == (0, "")
    assert (folder / "site" / "notes.txt").is_file()
