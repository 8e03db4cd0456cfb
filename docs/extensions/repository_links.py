"""Links from pages to files of the repository, which code hosts follow as they are.

Input: links whose target lies outside of docs. Output: a link to the page that includes the file, or to a page that
shows its source, as ``source/examples/portfolio.py.html``. A link to nothing is a warning.
"""

import posixpath
from collections.abc import Iterator, Set
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.highlighting import PygmentsBridge
from sphinx.transforms import SphinxTransform

PAGES = {"CHANGELOG.md": "changelog", "CONTRIBUTING.md": "contributing"}
"""Files that are included in a page, by their paths in the repository."""
LANGUAGES = {".py": "python", ".sh": "bash", ".toml": "toml", ".yaml": "yaml", ".md": "markdown"}
SHOWN = "source/"
"""Where pages of sources lie in the site."""


def repository_path(link: nodes.Element, docs: Path, docname: str) -> str | None:
    """Where in the repository a link leads, if that lies outside of docs and is there."""
    root = docs.parent
    including = Path(link.source) if link.source else docs / docname
    # A text beyond docs is taken for a page there, without its suffix.
    name = link["reftarget"] + (".md" if link.get("refdomain") == "doc" else "")
    target = Path(posixpath.normpath(including.parent / name))
    if not target.is_relative_to(root) or target.is_relative_to(docs) or not target.exists():
        return None
    return target.relative_to(root).as_posix()


class RepositoryLinks(SphinxTransform):
    """Replaces links to files of the repository by references that are resolved within the site."""

    default_priority = 5

    def apply(self, **_: Any) -> None:
        """Replace those of one page."""
        links = [*self.document.findall(addnodes.download_reference), *self.document.findall(addnodes.pending_xref)]
        for link in links:
            if link.get("reftype") != "myst" or link.get("refdomain") not in {None, "doc"}:
                continue
            path = repository_path(link, Path(self.env.srcdir), self.env.docname)
            if path is None:
                continue
            page = PAGES.get(path)
            fields = (
                {"refdomain": "doc", "reftype": "myst", "reftarget": page, "reftargetid": None}
                if page
                else {"refdomain": "", "reftype": "repository", "reftarget": path}
            )
            reference = addnodes.pending_xref("", *link.children, refdoc=self.env.docname, refexplicit=True, **fields)
            reference.source, reference.line = link.source, link.line
            link.replace_self(reference)
            if not page:
                linked_files(self.env).setdefault(self.env.docname, set()).add(path)


def linked_files(env: BuildEnvironment) -> dict[str, set[str]]:
    """Paths of the files and folders that each page links to."""
    if not hasattr(env, "repository_files"):
        env.repository_files = {}  # type: ignore[attr-defined]
    return env.repository_files  # type: ignore[attr-defined,no-any-return]


def forget(_: Sphinx, env: BuildEnvironment, docname: str) -> None:
    """Forget the links of a page that is read again, or is gone."""
    linked_files(env).pop(docname, None)


def merge(_: Sphinx, env: BuildEnvironment, docnames: Set[str], other: BuildEnvironment) -> None:
    """Join what processes found that read pages side by side."""
    found = linked_files(other)
    linked_files(env).update({name: found[name] for name in docnames if name in found})


def resolve(app: Sphinx, _: BuildEnvironment, node: addnodes.pending_xref, content: nodes.Element) -> Any:
    """Give the link to a page of source."""
    if node["reftype"] != "repository":
        return None
    uri = app.builder.get_relative_uri(node["refdoc"], SHOWN + node["reftarget"])
    return nodes.reference("", "", content, internal=True, refuri=uri)


def contents_of(path: Path, highlight: PygmentsBridge) -> str:
    """A file with its syntax coloured, or the list of a folder's files."""
    if path.is_dir():
        names = sorted(each.name for each in path.iterdir() if each.is_file() and not each.name.startswith((".", "_")))
        return "<ul>" + "".join(f"<li><code>{escape(name)}</code></li>" for name in names) + "</ul>"
    return highlight.highlight_block(path.read_text(encoding="utf-8"), LANGUAGES.get(path.suffix, "text"))


def source_pages(app: Sphinx) -> Iterator[tuple[str, dict[str, str], str]]:
    """The pages of source that are linked to."""
    highlight = app.builder.highlighter  # type: ignore[attr-defined]
    for path in sorted(set().union(*linked_files(app.env).values())):
        body = f"<h1><code>{escape(path)}</code></h1>{contents_of(Path(app.srcdir).parent / path, highlight)}"
        yield SHOWN + path, {"title": path, "body": body, "parents": []}, "page.html"  # type: ignore[misc]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the transform and the pages."""
    app.add_transform(RepositoryLinks)
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", merge)
    app.connect("missing-reference", resolve)
    app.connect("html-collect-pages", source_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
