"""The extensions of the site, in a small one of a page or two."""

import re
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
extensions = ["myst_parser", "sphinx.ext.autodoc", *(f"docs.extensions.{{name}}" for name in {{names}})]
myst_enable_extensions = ["dollarmath"]
html_math_renderer = "mathml"
default_role = "name"
nitpicky = True
autodoc_typehints = "none"
"""
NAMES = [
    "code_blocks", "code_breaks", "code_links", "gallery", "inline_pictures", "mathml", "outside_links",
    "repository_links", "type_links",
]  # fmt: skip
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path id="a" fill="#1f2933" d="M0 0"/></svg>'


def build(folder: Path, **pages: str) -> subprocess.CompletedProcess[str]:
    """A site of some pages, whose first one is the index."""
    source = folder / "docs"
    source.mkdir(exist_ok=True)
    (source / "conf.py").write_text(CONF.replace("{names}", repr(NAMES)))
    (source / "picture.svg").write_text(SVG)
    for name, text in pages.items():
        (source / f"{name}.md").write_text(text)
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "sphinx",
        "-b",
        "html",
        "-W",
        "--keep-going",
        "--quiet",
        source,
        folder / "site",
    ]
    return subprocess.run(command, check=False, capture_output=True, text=True)


INDEX = """# One

```{eval-rst}
.. autofunction:: mvn_dask.stripe_height

Not :obj:`numpy.random.Generator`.

.. py:class:: mvn_dask.covariance.Covariance

.. autoattribute:: mvn_dask.MultivariateT.shape

.. automethod:: mvn_dask.covariance.Covariance.to_dense
```

Of `mvn_dask.stripe_height(3)`, not of `estimate`, $\\frac{a}{b}$.

![A square](picture.svg)

![Again](picture.svg)

[it](../examples/a.py), [all](../examples), [news](../CHANGELOG.md)

```{gallery}
first
```

```{toctree}
changelog
```
"""
FAULTY = """# One

[a file](../examples/b.py), [a page](other.md#place), [a place](#place)

$\\frac$
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("repository")
    (folder / "examples").mkdir()
    (folder / "examples" / "a.py").write_text("print(1)\n")
    (folder / "CHANGELOG.md").write_text("# Changes\n\n[An example](examples/a.py)\n")
    first = "# First & best\n\n![x](picture.svg)\n"
    ran = build(folder, index=INDEX, changelog="```{include} ../CHANGELOG.md\n```\n", first=first)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert faults(folder / "site") == []
    return folder / "site"


@pytest.fixture(scope="module")
def index(folder: Path) -> str:
    return (folder / "index.html").read_text()


def test_names_are_links_where_they_name_something(index: str) -> None:
    assert re.search(r'<a [^>]*href="#mvn_dask.stripe_height"[^>]*>\s*<code[^>]*>.*height\(3\)', index)
    assert '<span class="pre">estimate</span></code>' in index


def test_long_code_may_break_after_punctuation(index: str) -> None:
    text = re.sub(r"</?span[^>]*>", "", index)
    assert 'mvn_dask.<wbr class="cell">stripe_<wbr class="cell">height(3)' in text


def test_types_of_members_are_links(index: str) -> None:
    text = re.sub(r"\s+", " ", re.sub(r"<(?!a |/a).*?>", "", index))
    assert re.search(r'shape: <a [^>]*href="#mvn_dask.covariance.Covariance"[^>]*>Covariance</a>', text)
    assert re.search(
        r'to_dense\(\) → <a [^>]*href="https://numpy.org/[^>]*ndarray.html"[^>]*>ndarray</a> of float64', text
    )


def test_formulas_need_no_script(index: str) -> None:
    assert "<mfrac>" in index
    assert not re.search(r"<script[^>]*mathjax", index, re.IGNORECASE)


def test_pictures_are_markup_in_the_colours_of_the_page(index: str) -> None:
    assert index.count('fill="var(--pst-color-text-base)"') == 3
    assert 'aria-label="A square"' in index
    assert 'id="a"' not in index


def test_a_gallery_shows_the_first_picture_of_each_page(index: str) -> None:
    card = re.sub(r">\s+<", "><", index).split('class="gallery-card')[1]
    assert '<a href="first.html"><div class="picture"><svg' in card
    assert "First &amp; best" in card


def test_files_of_the_repository(folder: Path, index: str) -> None:
    assert 'href="source/examples/a.py.html"' in index
    assert 'href="source/examples.html"' in index
    assert 'href="changelog.html"' in index
    assert 'href="source/examples/a.py.html"' in (folder / "changelog.html").read_text()
    assert "print" in (folder / "source" / "examples" / "a.py.html").read_text()
    assert "<code>a.py</code>" in (folder / "source" / "examples.html").read_text()


def test_an_object_of_another_library_has_its_address(index: str) -> None:
    assert "https://numpy.org/doc/stable/reference/random/generator.html#numpy.random.Generator" in index


def test_what_leads_nowhere_is_an_error(tmp_path: Path) -> None:
    ran = build(tmp_path, index=FAULTY)
    assert ran.returncode == 1
    assert all(fault in ran.stderr for fault in ("examples/b.py", "other.md", "'place'", "a formula cannot be shown"))
