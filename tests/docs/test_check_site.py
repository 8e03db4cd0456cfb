import subprocess
import sys
from pathlib import Path

import pytest

from docs.check_site import faults, page_of

ROOT = Path(__file__).parents[2]
SOUND = '<h1 id="top">x</h1><a href="b/c.html#place">c</a><a href="#top">t</a><a href="https://a.org">o</a>'


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "b").mkdir()
    (tmp_path / "index.html").write_text(SOUND)
    (tmp_path / "b" / "c.html").write_text('<p id="place"></p><a href="../index.html#top">i</a><a href="..">up</a>')
    (tmp_path / "a.css").write_text("@font-face { src: url('fonts/a.woff2') }")
    return tmp_path


def test_a_sound_site(site: Path) -> None:
    assert faults(site) == []
    run: list[str | Path] = [sys.executable, ROOT / "docs" / "check_site.py", site]
    assert subprocess.run(run, check=False).returncode == 0


@pytest.mark.parametrize(
    ("name", "added", "fault"),
    [
        ("index.html", '<a href="b/d.html">d</a>', "leads to b/d.html, and there is no such file"),
        ("index.html", '<a href="/etc/passwd">d</a>', "leads to /etc/passwd, and there is no such file"),
        ("index.html", '<a href="b/c.html#d">d</a>', "leads to b/c.html#d, and that page has no such place"),
        ("index.html", '<a href="#d">d</a>', "leads to #d, and that page has no such place"),
        ("index.html", '<p id="top">', "the identifier 'top' stands there more than once"),
        ("index.html", '<script src="https://a.org/a.js"></script>', "fetches https://a.org/a.js"),
        ("index.html", '<link rel="stylesheet" href="//a.org/a.css">', "fetches //a.org/a.css"),
        ("index.html", '<p style="background: url(http://a.org/b.png)">', "fetches http://a.org/b.png"),
        ("a.css", "@import 'https://a.org/b.css';", "fetches https://a.org/b.css"),
    ],
)
def test_each_fault_is_named(site: Path, name: str, added: str, fault: str) -> None:
    with (site / name).open("a") as file:
        file.write(added)
    assert faults(site) == [f"{name}: {fault}"]
    run = subprocess.run(
        [sys.executable, ROOT / "docs" / "check_site.py", site], check=False, capture_output=True, text=True
    )
    assert (run.returncode, run.stderr) == (1, f"{name}: {fault}\n")


def test_a_site_without_pages(tmp_path: Path) -> None:
    assert faults(tmp_path) == [f"{tmp_path}: there is no page"]


def test_what_a_reader_follows_is_not_fetched() -> None:
    page = page_of('<link rel="canonical" href="https://a.org"><a href="https://b.org">b</a>')
    assert page.fetched == []
