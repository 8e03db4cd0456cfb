"""A fault that is planted in a store is found in its cell, and named."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable

import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import t as student

import mvn_dask
from mvn_dask.distribution.base import Distribution
from mvn_dask.reporting.figures.row_blocks import VARIABLES_SHOWN, normal_equivalents, row_blocks
from tests.reporting.samples import COV, MEAN, Block, estimate, plant, sample, sample_report

P_VALUE, REPEAT_LIMIT = 1e-3 / 7 / (2 * 5 * 50), 1e-3 / 7
CORRELATION = np.eye(5) * 0.6 + 0.4


def cells(picture: str, class_: str = "marked") -> int:
    return sum(each.attrib.get("class") == class_ for each in ET.fromstring(picture).iter("rect"))  # noqa: S314 our own


def test_cells_are_those_of_numpy() -> None:
    estimates = estimate(x := sample(6400, chunks=100))
    y = ((x.compute() - MEAN) / np.sqrt(np.diag(COV))).reshape(64, 100, 4)
    z = normal_equivalents(estimates)
    assert z[0] == pytest.approx(10.0 * y.mean(axis=1), abs=1e-6)
    # Of 99 degrees of freedom errors and normal numbers of the same p-value differ by their skewness alone.
    errors = (y.var(axis=1, ddof=1) - 1.0) * np.sqrt(99 / 2)
    assert np.corrcoef(z[1].ravel(), errors.ravel())[0, 1] > 0.99
    assert np.abs(z[1] - errors).max() < 1.5
    found = row_blocks(estimates, P_VALUE, REPEAT_LIMIT)
    assert found is not None
    assert (found.blocks, found.shown, found.of, found.failed) == (64, 4, 4, 0)
    for number, (caption, picture) in enumerate(found.pictures):
        shown = re.findall(r"variable (\d), rows ([\d,]+) to [\d,]+: (?:mean|variance) (.[\d.]+)</title>", picture)
        assert len(shown) == 256, caption
        for variable, first, value in shown:
            block = int(first.replace(",", "")) // 100
            expected = z[number, block, int(variable)]
            assert float(value.replace("−", "-")) == pytest.approx(expected, abs=0.051)


FAULTS: dict[str, tuple[Callable[[Block], Block], int, str]] = {
    "a shift": (lambda x: x + np.array([0, 0, 0.5, 0, 0]), 0, "x2 in rows 7,000 to 7,999: mean "),
    "a scale": (lambda x: x * [1, 1, 1, 1.3, 1], 1, "x3 in rows 7,000 to 7,999: standard deviation "),
}
DISTRIBUTIONS: dict[str, Distribution] = {
    "normal": mvn_dask.MultivariateNormal(np.zeros(5), CORRELATION, names=[f"x{i}" for i in range(5)]),
    "t": mvn_dask.MultivariateT(np.zeros(5), CORRELATION, 3.0, names=[f"x{i}" for i in range(5)]),
    "copula": mvn_dask.GaussianCopula(CORRELATION, student(5), names=[f"x{i}" for i in range(5)]),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_a_fault_of_one_chunk_in_one_variable_is_located(name: str, fault: str) -> None:
    change, picture, text = FAULTS[fault]
    url = f"memory://blocks-{name}-{fault}".replace(" ", "-")
    mvn_dask.to_zarr(DISTRIBUTIONS[name].sample(50_000, seed=5, chunks=1000), url)
    sound = sample_report(url)
    assert sound.ok
    assert 'class="marked"' not in sound.html
    plant(url, 7, change)
    report = sample_report(url)
    (verdict,) = [each for each in report.verdicts if each.family == "drift"]
    assert not verdict.ok
    assert verdict.text.startswith(text)
    found = row_blocks(report.estimates, P_VALUE, REPEAT_LIMIT)
    assert found is not None
    assert found.worst == verdict.text
    assert found.failed == 1
    assert [cells(each) for _, each in found.pictures] == [1 - picture, picture]
    assert f"Farthest off is {text}" in report.html


def test_swapped_columns_of_one_chunk_are_located() -> None:
    def swap(numbers: Block) -> Block:
        numbers[5000:10_000] = numbers[5000:10_000][:, [0, 1, 3, 2]]
        return numbers

    found = row_blocks(estimate(sample(), swap), P_VALUE, REPEAT_LIMIT)
    assert found is not None
    # Their means and variances differ: eight blocks of two variables, in both pictures.
    assert found.failed == 32
    assert re.match(r"variable [23] in rows [5-9],\d{3} to [5-9],\d{3}:", found.worst)


def test_the_most_extreme_variables_are_shown_and_their_number_is_stated() -> None:
    def shift(numbers: Block) -> Block:
        numbers[200:300, 57] += 5.0
        return numbers

    estimates = estimate(mvn_dask.MultivariateNormal(np.zeros(60), 1.0).sample(1000, seed=1, chunks=100), shift)
    found = row_blocks(estimates, P_VALUE, REPEAT_LIMIT)
    assert found is not None
    assert (found.shown, found.of) == (VARIABLES_SHOWN, 60)
    assert "variable 57, rows" in found.pictures[0][1]
    assert len(re.findall("<title>variable", found.pictures[0][1])) == VARIABLES_SHOWN * found.blocks


def test_sound_cells_are_standard_normal() -> None:
    """Of 64,000 cells with 30 rows each; the largest of so many is beyond 5.5 once in 400 samples."""
    estimates = estimate(mvn_dask.MultivariateNormal(np.zeros(500), 1.0).sample(64 * 30, seed=3, chunks=30))
    z = normal_equivalents(estimates)
    assert z.shape == (2, 64, 500)
    assert np.abs(z).max() < 5.5
    for kind in z:
        # Not of their median: signs are those of the difference from the mean.
        for share in (0.01, 0.1, 0.9, 0.99):
            # Within 4.5 standard errors: wrong once in 10,000 cases.
            error = np.sqrt(share * (1 - share) / kind.size)
            assert (kind < ndtri(share)).mean() == pytest.approx(share, abs=4.5 * error)


def test_numbers_that_are_not_finite_and_copies_are_marked() -> None:
    url = "memory://blocks-marked"
    mvn_dask.to_zarr(DISTRIBUTIONS["normal"].sample(10_000, seed=5, chunks=1000), url)
    plant(url, 3, lambda x: np.where((np.arange(len(x))[:, None] == 500) & (np.arange(5) == 2), np.nan, x))
    numbers = mvn_dask.from_zarr(url)[5000:6000].compute()
    plant(url, 8, lambda _: numbers)
    report = sample_report(url)
    found = {each.family: each for each in report.verdicts}
    assert found["numbers"].text == "1 number infinite or NaN, of x2 in rows 3,500 to 3,665"
    assert found["numbers"].variables == (2,)
    assert "such as (5, 0) and (8, 0)" in found["chunks"].text
    blocks = row_blocks(report.estimates, P_VALUE, REPEAT_LIMIT)
    assert blocks is not None
    assert blocks.strips == ["numbers", "chunks", "repeated_rows"]
    marks = re.findall(r"<title>rows ([\d,]+) to [\d,]+: (NaN or ±∞|copies|repeated)</title>", blocks.pictures[0][1])
    assert [first for first, what in marks if what == "NaN or ±∞"] == ["3,500"]
    assert {first[0] for first, what in marks if what == "copies"} == {"5", "8"}
    assert {first[0] for first, what in marks if what == "repeated"} == {"5", "8"}
    page = report.html
    assert '<h2 id="blocks" data-verdicts="drift repeated_rows numbers chunks">' in page


def test_rows_that_come_again_within_other_chunks_are_marked() -> None:
    """A shifted copy of 1,000 rows, which is no chunk and no block: 137 rows into chunk 8, 421 into chunk 2."""
    url = "memory://blocks-repeated"
    mvn_dask.to_zarr(DISTRIBUTIONS["normal"].sample(100_000, seed=5, chunks=5000), url)
    numbers = mvn_dask.from_zarr(url)[10_421:11_421].compute()
    plant(url, 8, lambda x: np.concatenate([x[:137], numbers, x[1137:]]))
    report = sample_report(url)
    assert [each.family for each in report.verdicts if not each.ok] == ["repeated_rows"]
    (verdict,) = [each for each in report.verdicts if not each.ok]
    assert verdict.text == "1,000 rows between row 10,421 and row 11,420 come again 29,716 rows later"
    blocks = row_blocks(report.estimates, P_VALUE, REPEAT_LIMIT)
    assert blocks is not None
    assert blocks.strips == ["repeated_rows"]
    marks = re.findall(r"<title>rows ([\d,]+) to ([\d,]+): repeated</title>", blocks.pictures[0][1])
    assert marks == [("10,000", "11,665"), ("40,000", "41,665")]
    assert "Strips below mark blocks with rows that come again." in report.html
    assert '<h2 id="blocks" data-verdicts="drift repeated_rows">' in report.html
    assert 'href="#blocks"' in report.html.split("come again 29,716 rows later")[1].split("</li>")[0]


def test_nothing_to_show() -> None:
    assert row_blocks(estimate(sample(20)), P_VALUE, REPEAT_LIMIT) is None
    constant = mvn_dask.MultivariateNormal([1.0, 2.0], 0.0).sample(1000, seed=1)
    assert row_blocks(estimate(constant), P_VALUE, REPEAT_LIMIT) is None
