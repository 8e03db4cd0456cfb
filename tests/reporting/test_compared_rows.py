"""Rows of a sample are compared with one another, whatever chunks hold them, and few of their numbers read for it."""

from collections.abc import Callable
from typing import Any

import numpy as np

import mvn_dask
from mvn_dask._typing import FloatDType
from mvn_dask.reporting.compared_rows import compared_variables
from mvn_dask.reporting.selection import MOST_COMPARED_PARTS
from mvn_dask.reporting.verdicts import repeated_rows, verdicts_on
from tests.reporting.samples import COV, MEAN, Block, described, estimate, sample

LIMIT = 1e-3 / 7


def test_the_first_and_the_last_variable_that_vary() -> None:
    normal = mvn_dask.MultivariateNormal(np.zeros(5), np.diag([0.0, 1.0, 1.0, 2.0, 0.0]))
    cases: list[tuple[Any, dict[int, tuple[int, ...]]]] = [
        ((50, 5), {0: (1, 3)}),
        ((50, 3), {0: (1, 2), 3: (3,)}),
        ((50, 1), {1: (1,), 2: (2,), 3: (3,)}),
    ]
    for chunks, expected in cases:
        selection, reference, _ = described(normal.sample(100, seed=1, chunks=chunks))
        assert compared_variables(selection, reference) == expected


def copy(rows: slice, first: int, columns: slice = slice(None)) -> Callable[[Block], Block]:
    def changed(numbers: Block) -> Block:
        numbers = numbers.reshape(-1, numbers.shape[-1])
        numbers[first : first + rows.stop - rows.start, columns] = numbers[rows, columns]
        return numbers

    return changed


def test_any_chunks_and_types() -> None:
    normal = mvn_dask.MultivariateNormal(np.zeros(3), np.eye(3) + 0.5)
    cases: list[tuple[Any, FloatDType]] = [(70, "float64"), ((90, 2), "float64"), (400, "float32"), (4000, "float64")]
    for chunks, dtype in cases:
        x = normal.sample(4000, seed=1, chunks=chunks, dtype=dtype)
        found = repeated_rows(estimate(x, copy(slice(130, 190), 3107)), LIMIT)
        assert not found.ok
        assert "60 rows between row 130 and row 189 come again 2,977 rows later" in found.text
        assert repeated_rows(estimate(x), LIMIT).p_value == 1.0


def test_rows_of_one_part_of_the_variables() -> None:
    cut = mvn_dask.MultivariateNormal(MEAN, COV).sample(4000, seed=1, chunks=(1000, 2))
    found = repeated_rows(estimate(cut, copy(slice(130, 190), 3107, slice(2, 4))), LIMIT)
    assert found.text.startswith("variable 2 and those in its chunks: 60 rows between row 130 and row 189 come again")


def test_float32_numbers_that_come_again_by_chance_are_no_fault() -> None:
    found = repeated_rows(
        estimate(mvn_dask.MultivariateNormal([0.0], 1.0).sample(10**5, seed=1, dtype="float32")), LIMIT
    )
    assert found.ok
    assert "come more than once, in no order" in found.text


def test_nothing_to_compare() -> None:
    constant = mvn_dask.MultivariateNormal([1.0, 2.0], 0.0).sample(1000, seed=1)
    for x in (sample(0), sample(1), constant):
        assert repeated_rows(estimate(x), LIMIT).grade == "not tested"


def test_of_very_many_chunks_along_the_variables_some_are_looked_at() -> None:
    x = mvn_dask.MultivariateNormal(np.zeros(100), 1.0).sample(50, seed=1, chunks=(50, 2))
    estimates = estimate(x)
    assert len(estimates.measured.repeats) == MOST_COMPARED_PARTS
    assert "Repeated rows: of variables in 16 of 50 chunks along the variables, evenly chosen." in (
        estimates.selection.left_out()
    )


def test_titles_of_scores_and_points() -> None:
    heavy = mvn_dask.MultivariateT(np.zeros(2), np.eye(2), df=2)
    titles = {each.family: each.title for each in verdicts_on(estimate(heavy.sample(1000, seed=1)))}
    assert titles["repeated_rows"] == "Repeated rows"
    assert titles["means"] == "Means (normal scores)"
    points = mvn_dask.MultivariateNormal(np.zeros(2), 1.0).sample(1024, seed=1, points="sobol")
    (found,) = [each for each in verdicts_on(estimate(points)) if each.family == "repeated_rows"]
    assert (found.grade, found.text[:11]) == ("not tested", "not tested:")
