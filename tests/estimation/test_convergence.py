"""Every point of a convergence is the estimate of an array that has no more rows, bit for bit."""

from typing import Any, cast

import dask.array as da
import numpy as np
import pytest

import mvn_dask
from mvn_dask.errors import ArgumentError, ArgumentTypeError
from mvn_dask.estimation.convergence import converge_jointly, convergence
from mvn_dask.estimation.joint_estimates import Question
from mvn_dask.statistics import Extremes, Histogram, Mean, Moments, Probability
from mvn_dask.statistics.quantile import Quantile
from tests.statistics.contract import digest


def losses(rows: int, columns: int = 2, chunks: int = 3000) -> da.Array:
    x = mvn_dask.MultivariateNormal(np.zeros(columns), 1.0).sample(rows, seed=3, chunks=chunks)
    return cast("da.Array", da.exp(x))


def bits(result: Any) -> str:
    """Digest of a result, but for what was left out, which a convergence does not count."""
    return digest(result.described(None, 0).to_dict())


@pytest.mark.parametrize("statistic", [Mean(), Moments(), Quantile(0.9), Extremes(2)], ids=str)
def test_of_first_rows(statistic: Any) -> None:
    x = losses(9_000)
    found = convergence(x, statistic)
    assert found.rows == (2048, 4096, 8192, 9000)
    for rows, result in zip(found.rows, found.results, strict=True):
        assert bits(result) == bits(mvn_dask.estimate(x[:rows], statistic))


def test_statistics_that_look_twice() -> None:
    x = losses(150_000, 1, 40_000)
    found = convergence(x, Quantile(0.99), columns=0)
    assert found.rows[-2:] == (131_072, 150_000)
    for rows, value in zip(found.rows, found.series().value, strict=True):
        assert value == mvn_dask.estimate(x[:rows], Quantile(0.99), columns=0).value


def test_blocks_change_nothing() -> None:
    one, other = (convergence(losses(20_000, 2, chunks), Mean()).series() for chunks in (900, 7001))
    assert digest(tuple(one)) == digest(tuple(other))
    assert one.value.shape == one.low.shape == (5, 2)
    assert (one.low < one.value).all()
    assert (one.value < one.high).all()


def test_parts_of_results() -> None:
    found = convergence(losses(5000, 1), Moments(), columns=0)
    assert found.series("variance").value.shape == (3,)
    with pytest.raises(ArgumentError, match="MomentEstimates is no estimate"):
        found.series()
    with pytest.raises(ArgumentError, match="no estimate named 'median'"):
        found.series("median")
    assert repr(found) == "Convergence(rows=(2048, 4096, 5000))"


def test_missing_numbers() -> None:
    x = losses(5000, 1)
    holed = da.where(x > 3.0, np.nan, x)
    with pytest.raises(ArgumentError, match="must not hold NaN"):
        convergence(holed, Mean())
    found = convergence(holed, Mean(), nan="omit")
    assert bits(found.results[0]) == bits(mvn_dask.estimate(holed[:2048], Mean(), nan="omit"))


def test_columns_of_a_data_array() -> None:
    xarray = pytest.importorskip("xarray")
    x = losses(3000)
    named = xarray.DataArray(x, dims=("sample", "asset"), coords={"asset": ["oil", "gas"]})
    found, expected = convergence(named, Mean(), columns="gas"), convergence(x, Mean(), columns=1)
    assert digest(tuple(found.series())) == digest(tuple(expected.series()))
    assert found.results[0].columns == ("gas",)


def test_several_arrays_in_one_pass() -> None:
    x = losses(9000, 3)
    questions = [
        Question(x, Mean()),
        Question(x, Quantile(0.9), 1),
        Question(x.max(axis=1), Moments()),
        Question(x, Mean(), 2),
    ]
    together = converge_jointly(questions)
    for question, found in zip(questions, together, strict=True):
        alone = convergence(question.array, question.statistic, columns=question.columns)
        assert found.rows == alone.rows
        assert [*map(bits, found.results)] == [*map(bits, alone.results)]


@pytest.mark.parametrize("rows", [0, 1, 2048])
def test_few_rows(rows: int) -> None:
    found = convergence(losses(rows), Mean())
    assert found.rows == (rows,)
    assert bits(found.results[0]) == bits(mvn_dask.estimate(losses(rows), Mean()))


def test_refused() -> None:
    x = losses(3000)
    with pytest.raises(ArgumentTypeError, match="must be one of mvn_dask"):
        convergence(x, "mean")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="looks at rows more than once"):
        convergence(x, Histogram(3))
    with pytest.raises(ArgumentError, match="`nan` must be"):
        convergence(x, Mean(), nan="keep")
    assert convergence(x, Probability(lambda rows: rows[:, 0] > 1.0)).series().value.shape == (2,)
