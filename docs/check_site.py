"""Look at a site that was built: ``python docs/check_site.py build/docs``.

Input: a folder of HTML and CSS. Output: a line for each link within the site that leads nowhere, each identifier that a
page has twice, and each file that a page would fetch from another host when it is opened; exit code 1 if there is any.
Links that a reader follows may lead anywhere.
"""

import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

FETCHED = {
    "script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src", "audio": "src", "embed": "src",
    "object": "data", "image": "href",
}  # fmt: skip
"""Elements whose address a browser fetches when it opens a page."""
NOT_FETCHED = {"canonical", "next", "prev", "index", "search", "author", "help", "alternate"}
"""Relations of ``<link>`` that a reader may follow, and no browser does by itself."""
OF_OTHERS = "icon-"
"""How identifiers begin that xarray repeats in each of its tables."""
_IN_STYLES = re.compile(r"""(?:url\(\s*|@import\s+)["']?([^"')\s;]+)""")


@dataclass
class Page(HTMLParser):
    """Links, identifiers and addresses of a page."""

    links: list[str] = field(default_factory=list)
    """Where its links lead, as they are written."""
    names: list[str] = field(default_factory=list)
    """Identifiers that links may lead to."""
    fetched: list[str] = field(default_factory=list)
    """What a browser fetches to show it."""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take in an element."""
        given = {name: value for name, value in attrs if value is not None}
        if "id" in given:
            self.names.append(given["id"])
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "link" and not NOT_FETCHED & set(given.get("rel", "").split()):
            self.fetched.append(given.get("href", ""))
        self.fetched += [given[FETCHED[tag]]] if FETCHED.get(tag) in given else []
        self.fetched += _IN_STYLES.findall(given.get("style", ""))


def page_of(text: str) -> Page:
    """What stands in the HTML of a page.

    >>> page_of('<p id="a"><a href="#b">x</a><img src="c.png"></p>')
    Page(links=['#b'], names=['a'], fetched=['c.png'])
    """
    page = Page()
    page.feed(text)
    return page


def is_outside(address: str) -> bool:
    """Whether an address is another host's.

    >>> is_outside("https://a.org/b.js"), is_outside("//a.org/b.js"), is_outside("b.js"), is_outside("data:image/png,")
    (True, True, False, False)
    """
    parts = urlsplit(address)
    return bool(parts.netloc) or parts.scheme in {"http", "https"}


def _broken(site: Path, pages: dict[Path, Page], path: Path) -> Iterator[str]:
    for link in pages[path].links:
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        target = target / "index.html" if target.is_dir() else target
        if not target.is_relative_to(site) or not target.is_file():
            yield f"leads to {link}, and there is no such file"
        elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].names:
            yield f"leads to {link}, and that page has no such place"


def faults(site: Path) -> list[str]:
    """What is wrong with a site, a line each."""
    site = site.resolve()
    pages = {path: page_of(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    found = [] if pages else [f"{site}: there is no page"]
    for path, page in pages.items():
        name = path.relative_to(site)
        found += [f"{name}: {fault}" for fault in _broken(site, pages, path)]
        found += [f"{name}: fetches {address}" for address in page.fetched if is_outside(address)]
        counts = Counter(name for name in page.names if not name.startswith(OF_OTHERS))
        twice = [identifier for identifier, count in counts.items() if count > 1]
        found += [f"{name}: the identifier {identifier!r} stands there more than once" for identifier in twice]
    for path in sorted(site.rglob("*.css")):
        outside = filter(is_outside, _IN_STYLES.findall(path.read_text(encoding="utf-8")))
        found += [f"{path.relative_to(site)}: fetches {address}" for address in outside]
    return found


if __name__ == "__main__":
    found = faults(Path(sys.argv[1]))
    sys.stderr.write("".join(f"{fault}\n" for fault in found))
    sys.exit(bool(found))
