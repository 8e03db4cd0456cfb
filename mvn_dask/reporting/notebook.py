"""A page inside a notebook: a frame of its own, so that neither's style reaches the other.

Input: a page, and a summary of it. Output: HTML of bounded size. Cost: an escaped copy of the page.
"""

from markupsafe import Markup

from mvn_dask.reporting.downloads import MOST_FILE_BYTES

MOST_FRAMED_BYTES = 4 * MOST_FILE_BYTES
"""Size of a page in a notebook, at most: a notebook keeps what it shows."""
HEIGHT_PIXELS = 640
"""Of the frame."""

_HEAD = "<head>\n"
# Without it links within the page would lead to the notebook's address, from which a frame resolves them.
_BASE = '<base href="about:srcdoc">\n'


def framed(page: str, title: str, summary: str) -> str:
    """The page in a frame that runs no code and may save files; the summary in place of a page that is too long."""
    if len(page.encode()) > MOST_FRAMED_BYTES:
        note = "The page is too long for a notebook: write its html to a file, and open that in a browser."
        return Markup("<pre>{}</pre><p>{}</p>").format(summary, note)
    return Markup(
        '<iframe sandbox="allow-downloads" title="{}" style="width: 100%; height: {}px; border: 1px solid #8886; '
        'border-radius: 6px" srcdoc="{}"></iframe>'
    ).format(title, HEIGHT_PIXELS, page.replace(_HEAD, _HEAD + _BASE, 1))
