"""Show a page in a browser.

Input: the path of a page. Output: a browser that shows it, or a warning. Cost: that of a browser's start.
"""

import logging
from pathlib import Path

from mvn_dask.escaping import printable

log = logging.getLogger(__name__)


def open_page(page: Path) -> None:
    """Open a page in the browser of the desktop, or in the one that the environment variable BROWSER names."""
    import webbrowser

    try:
        is_open = webbrowser.open(page.resolve().as_uri())
    except webbrowser.Error:
        is_open = False
    if not is_open:
        log.warning(
            printable(f"no browser could be started: open {page.resolve()} yourself, or set the variable BROWSER")
        )
