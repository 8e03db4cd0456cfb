"""In a notebook a report is a frame that holds its page, and nothing of it leaves the frame."""

from html.parser import HTMLParser

import numpy as np
import pandas as pd

import mvn_dask
from mvn_dask.reporting.notebook import MOST_FRAMED_BYTES, framed
from tests.reporting.test_page import HOSTILE


class Frame(HTMLParser):
    """The elements of a notebook's output."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_a_report_shows_itself_in_a_frame() -> None:
    names = pd.Index(HOSTILE)
    normal = mvn_dask.MultivariateNormal(pd.Series(np.zeros(4), names), pd.DataFrame(np.eye(4) + 0.2, names, names))
    mvn_dask.to_zarr(normal.sample(2000, seed=1), 'memory://notebook"><script>')
    report = mvn_dask.report('memory://notebook"><script>')
    text = report._repr_html_()
    ((tag, given),) = Frame(text).found
    assert (tag, given["sandbox"]) == ("iframe", "allow-downloads")
    assert given["title"] == 'Report on notebook"><script>'
    page = given["srcdoc"] or ""
    assert page.replace('<base href="about:srcdoc">\n', "") == report.html
    assert page.count("<base") == 1
    assert "\n" not in repr(report)
    assert repr(report).startswith("SampleReport(url='memory://notebook")


def test_a_long_page_is_left_out() -> None:
    text = framed("x" * (MOST_FRAMED_BYTES + 1), "title", "<b>: ok")
    assert [tag for tag, _ in Frame(text).found] == ["pre", "p"]
    assert "&lt;b&gt;: ok" in text
    assert len(text) < 300
