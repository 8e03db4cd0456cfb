"""Nothing of an earlier build is left in this one.

Input: the folders of the site, of what Sphinx keeps of pages, and of stubs that autosummary wrote for the reference.
Output: the same without what this build does not make. Sphinx itself leaves pages that were renamed, and links of
unchanged pages to them, and does not repeat a warning of a page that has not changed since.
"""

import shutil
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.ext.autosummary.generate import find_autosummary_in_files

STUBS = "generated"
"""The folders of autosummary's pages; nothing else may stand there."""


def remove_site(app: Sphinx) -> None:
    """Remove the site, if Sphinx wrote it: all pages are written again, of which those unchanged are not read again."""
    if (app.outdir / ".buildinfo").is_file():
        shutil.rmtree(app.outdir)
        app.outdir.mkdir()


def remove_stubs(app: Sphinx) -> None:
    """Remove pages of names that no table of the reference has any more."""
    stubs = set(Path(app.srcdir).rglob(f"{STUBS}/*.rst"))
    tables = [str(path) for path in map(app.env.doc2path, app.env.found_docs) if path.is_file()]
    named = {
        Path(entry.path, f"{entry.name}.rst").resolve() for entry in find_autosummary_in_files(tables) if entry.path
    }
    for path in stubs:
        if path.resolve() not in named:
            path.unlink()


def forget_warned(app: Sphinx, _: Exception | None) -> None:
    """After a build with warnings read all pages again, so that the next one has the same warnings."""
    if app._warncount:
        (app.doctreedir / "environment.pickle").unlink(missing_ok=True)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register what is done before and after a build."""
    app.connect("builder-inited", remove_site, priority=100)
    app.connect("builder-inited", remove_stubs, priority=100)  # autosummary writes its own afterwards
    app.connect("build-finished", forget_warned)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
