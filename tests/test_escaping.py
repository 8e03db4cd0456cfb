"""Text of any origin is shown in one line, in which nothing is hidden."""

import unicodedata
import warnings
from pathlib import Path

import numpy as np
import pytest

import mvn_dask
from mvn_dask.errors import JobFileError, MvnDaskError, StoreError, TransportError
from mvn_dask.escaping import HIDDEN, printable, printable_lines
from mvn_dask.reporting.figures.svg import templates
from tests.support.hostile_text import HOSTILE, assert_shown_in_lines

KEPT = "plain ASCII ~ öl 石油 नफ़त نفط 🛢 é \xa0 − … µ"


def test_text_that_can_be_shown_stays() -> None:
    assert printable(KEPT) == KEPT
    assert printable("") == ""


def test_every_character_that_moves_hides_or_reorders_is_escaped() -> None:
    for code in range(0x110000):
        char = chr(code)
        if unicodedata.category(char) in HIDDEN:
            assert printable(char) == char.encode("unicode_escape").decode()
    for (
        char
    ) in "\0\a\b\t\n\r\x1b\x7f\x85\x9b\xad\u061c\u200b\u200e\u200f\u2028\u2029\u202a\u202e\u2066\u2069\ufeff\ud800":
        assert printable(f"a{char}b").isprintable()
        assert printable(f"a{char}b") != f"a{char}b"


def test_each_line_stays_one() -> None:
    assert printable_lines(["a\nb", "c\u2028d"]) == "a\\nb\nc\\u2028d"
    assert printable_lines([]) == ""


@pytest.mark.parametrize("kind", [MvnDaskError, StoreError, TransportError])
def test_an_error_is_one_line_whatever_it_quotes(kind: type[MvnDaskError]) -> None:
    error = kind(f"{HOSTILE} is not there")
    assert_shown_in_lines(str(error), 1)
    assert error.args == (f"{HOSTILE} is not there",)


def test_each_fault_of_a_job_file_is_a_line() -> None:
    assert str(JobFileError("a: one", f"b{HOSTILE}: two")).startswith("a: one\nb")
    assert_shown_in_lines(str(JobFileError("a: one", f"b{HOSTILE}: two")), 2)


def test_a_warning_is_one_line() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        mvn_dask.MultivariateNormal([0.0, 1.0], [[1.0, 2.0], [2.0, 1.0]], names=[HOSTILE, "b"], check_valid="warn")
        mvn_dask.MultivariateNormal([0.0, 1.0], [1.0, -2.0], names=["a", HOSTILE], check_valid="warn")
    assert caught
    for each in caught:
        assert_shown_in_lines(str(each.message), 1)


def test_a_page_shows_what_it_is_given() -> None:
    page = templates().from_string("<p>{{ name }}</p>\n{{ 5 }}{{ name | upper }}").render(name=HOSTILE)
    assert_shown_in_lines(page, 2)


def test_reports_about_a_store_of_hostile_names(tmp_path: Path) -> None:
    """Names stay as they are in data, and are escaped where they are shown."""
    names = [HOSTILE, f"{HOSTILE}<b>"]
    folder = tmp_path / HOSTILE
    normal = mvn_dask.MultivariateNormal([0.0, 1.0], np.eye(2) + 0.5, names=names)
    mvn_dask.to_zarr(normal.sample(1000, seed=1, chunks=300), folder)
    (folder / "samples" / HOSTILE).touch()
    report = mvn_dask.report(folder)
    assert report.content["array"]["coordinates"]["variable"]["labels"] == names
    assert_shown_in_lines(report.html)
    assert_shown_in_lines(str(report))
    status, found = mvn_dask.status(folder), mvn_dask.verify(folder)
    assert status.url == str(folder)
    assert found.unknown_files == (f"samples/{HOSTILE}",)
    (folder / "samples" / "c" / "1" / "0").unlink()
    for shown in (status, found, mvn_dask.verify(folder), mvn_dask.repair(folder), mvn_dask.extend(folder, 200)):
        assert_shown_in_lines(str(shown))
    with pytest.raises(MvnDaskError) as caught:
        mvn_dask.to_zarr(normal.sample(1000, seed=2, chunks=300), folder)
    assert_shown_in_lines(str(caught.value), 1)
    with pytest.raises(MvnDaskError) as caught:
        mvn_dask.to_zarr(normal.sample(1000, seed=2, chunks=300), folder, overwrite=True)
    assert HOSTILE not in str(caught.value)
    assert_shown_in_lines(str(caught.value), 1)
