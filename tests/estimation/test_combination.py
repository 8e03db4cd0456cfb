"""Linear combinations: the bits of a sum in the order of the columns, for any chunks, schedulers and types."""

import pickle
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import xarray as xr
from distributed import Client

import mvn_dask
from mvn_dask import combine
from mvn_dask.errors import ArgumentError, ArgumentTypeError
from mvn_dask.estimation.combination import Combination, combination_of
from mvn_dask.estimation.row_source import row_source
from mvn_dask.execution.graph_search import find_in_graph

NORMAL = mvn_dask.MultivariateNormal(np.arange(5.0), np.eye(5) + 0.5, names=["oil", "gas", "coal", "wind", "sun"])
ROWS = 3001
WEIGHTS = np.random.default_rng(0).standard_normal((5, 9))


def summed(rows: npt.NDArray[Any], weights: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Products added one after the other, in float64."""
    rows, matrix = np.asarray(rows, np.float64), weights.reshape(len(weights), -1)
    total = rows[:, :1] * matrix[0]
    for column in range(1, len(matrix)):
        total = total + rows[:, column, None] * matrix[column]
    return np.asarray(total[:, 0] if weights.ndim == 1 else total)


def same_bits(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> bool:
    return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("dtype", ["float64", "float32", "int32"])
@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (7, 2), (8, 3), (19, 5), (33, 30)])
def test_bits_of_a_sum_in_order(rows: int, columns: int, dtype: str) -> None:
    rng = np.random.default_rng(rows)
    numbers = (100 * rng.standard_normal((rows, columns))).astype(dtype)
    numbers[0] *= -0
    for weights in (*(rng.standard_normal((columns, m)) for m in (1, 2, 6, 7, 30)), rng.standard_normal(columns)):
        expected = summed(numbers, weights)
        found = combine(da.from_array(numbers, chunks=(4, -1)), weights)
        assert same_bits(found.compute(), expected)
        # Blocks with gaps, and blocks of columns.
        for memory in (np.repeat(numbers, 2, axis=0)[::2], np.asfortranarray(numbers)):
            matrix = weights.reshape(columns, -1)
            combination = Combination(matrix, None, weights.ndim == 1, "x")
            assert same_bits(np.ascontiguousarray(combination.of_rows(memory)), expected)


def test_chunks_schedulers_and_types(threads: Client) -> None:
    whole = NORMAL.sample(ROWS, seed=1).compute()
    for weights in (WEIGHTS, WEIGHTS[:, 0]):
        expected = summed(whole, weights)
        for chunks in (777, 1000, -1):
            lazy = combine(NORMAL.sample(ROWS, seed=1, chunks=chunks), weights)
            assert (lazy.shape, lazy.dtype, lazy.chunks[0]) == (
                expected.shape, np.float64, NORMAL.sample(ROWS, seed=1, chunks=chunks).chunks[0],
            )  # fmt: skip
            assert same_bits(lazy.compute(scheduler="threads"), expected)
            assert same_bits(threads.compute(lazy).result(), expected)
    single = NORMAL.sample(ROWS, seed=1, dtype="float32")
    assert same_bits(combine(single, WEIGHTS).compute(scheduler="threads"), summed(single.compute(), WEIGHTS))


@pytest.mark.faults
def test_other_processes(processes: Client) -> None:
    lazy = combine(NORMAL.sample(ROWS, seed=1, chunks=777), WEIGHTS)
    expected = lazy.compute(scheduler="threads")
    assert same_bits(processes.compute(lazy).result(), expected)
    assert same_bits(lazy.compute(scheduler="processes", num_workers=2), expected)


def test_names() -> None:
    x = NORMAL.sample(ROWS, seed=1, chunks=1000)
    named = {"wind": 2.0, "gas": -1}
    expected = summed(x.compute(), np.array([0.0, -1.0, 0.0, 2.0, 0.0]))
    labelled = mvn_dask.to_xarray(x)
    for array, weights in ((x, named), (labelled, named), (x, pd.Series(named)), (x + 0.0, [0, -1, 0, 2, 0])):
        assert same_bits(combine(array, weights).compute() + 0.0, expected + 0.0)
    # What is not named is not looked at.
    holes = xr.DataArray(da.from_array(np.array([[1.0, np.nan, 2.0]])), dims=("row", "name"), coords={"name": [*"abc"]})
    assert combine(holes, {"c": 3.0, "a": 1.0}).compute().tolist() == [7.0]
    assert np.isnan(combine(holes, [1.0, 0.0, 3.0]).compute()).all()


def test_names_of_a_store_and_a_store_of_combinations(tmp_path: Path) -> None:
    x = NORMAL.sample(ROWS, seed=1, chunks=1000)
    mvn_dask.to_zarr(x, tmp_path / "x.zarr")
    opened = combine(mvn_dask.from_zarr(tmp_path / "x.zarr"), {"sun": 2.0, "oil": 1.0})
    lazy = combine(x, {"oil": 1.0, "sun": 2.0})
    assert same_bits(opened.compute(), lazy.compute())
    mvn_dask.to_zarr(lazy, tmp_path / "losses.zarr")
    # The same call goes on, or finds it finished.
    mvn_dask.to_zarr(
        combine(NORMAL.sample(ROWS, seed=1, chunks=1000), {"oil": 1.0, "sun": 2.0}), tmp_path / "losses.zarr"
    )
    stored = mvn_dask.from_zarr(tmp_path / "losses.zarr")
    assert same_bits(stored.compute(), lazy.compute())


def test_the_name_says_what_is_combined() -> None:
    x = NORMAL.sample(ROWS, seed=1, chunks=1000)
    names = [
        combine(array, weights).name
        for array, weights in (
            (x, WEIGHTS), (x, WEIGHTS[:, 0]), (x, WEIGHTS[:, :1]), (x, {"oil": 1.0}), (x, [1.0, 0, 0, 0, 0]),
            (x + 1, WEIGHTS), (NORMAL.sample(ROWS, seed=2, chunks=1000), WEIGHTS), (x.rechunk((500, -1)), WEIGHTS),
        )
    ]  # fmt: skip
    assert len(set(names)) == len(names)
    assert combine(NORMAL.sample(ROWS, seed=1, chunks=1000), WEIGHTS.tolist()).name == names[0]


def test_a_combination_of_a_sample_is_known_and_cut_anew() -> None:
    x = NORMAL.sample(ROWS, seed=1, chunks=1000)
    y = combine(x, WEIGHTS[:, 0])
    (found,) = find_in_graph(y, Combination)
    known = combination_of(y)
    assert known is not None
    assert known[0] is found
    assert known[1].lineage.name == x.name.rpartition("-")[0]
    other = known[0].of_array(NORMAL.sample(ROWS, seed=1, chunks=777))
    assert same_bits(other.compute(), y.compute())
    assert other.name != y.name
    for derived in (x, y + 1, y[:100], combine(x + 1, WEIGHTS), da.ones((5, 2)), y.rechunk(500)):
        assert combination_of(derived) is None
    # Cut once more, it is drawn in the pieces that a sample is drawn in.
    pieces = row_source(combine(NORMAL.sample(2**20, seed=1, chunks=-1), WEIGHTS[:, 0])).array
    assert pieces.chunksize == (2**18,)
    many = row_source(combine(NORMAL.sample(2**20, seed=1, chunks=100_000), WEIGHTS)).array
    assert many.chunksize == (2**18, 9)


@pytest.mark.usefixtures("path")
def test_estimates_of_combinations_are_those_of_their_rows() -> None:
    whole = summed(NORMAL.sample(ROWS, seed=1).compute(), WEIGHTS)
    expected = mvn_dask.estimate(da.from_array(whole), mvn_dask.statistics.MeanAndCovariance())
    for chunks in (777, -1):
        y = combine(NORMAL.sample(ROWS, seed=1, chunks=chunks), WEIGHTS)
        found = mvn_dask.estimate(y, mvn_dask.statistics.MeanAndCovariance())
        assert found.covariance.value.tobytes() == expected.covariance.value.tobytes()
        assert found.mean.value.tobytes() == expected.mean.value.tobytes()


def test_weights_are_copied_and_their_node_pickles() -> None:
    weights = WEIGHTS.copy()
    y = combine(NORMAL.sample(ROWS, seed=1), weights)
    expected = y.compute()
    weights[:] = 0.0
    assert same_bits(y.compute(), expected)
    (found,) = find_in_graph(y, Combination)
    again = pickle.loads(pickle.dumps(found))  # noqa: S301 our own
    assert same_bits(again.of_rows(np.ones((3, 5))), found.of_rows(np.ones((3, 5))))
    assert "\n" not in repr(found)


def test_numbers_that_are_not_finite_warn_of_nothing() -> None:
    rows = np.array([[np.inf, 1.0], [1e308, 1e308], [np.nan, 0.0]])
    with np.errstate(all="raise"):
        found = combine(da.from_array(rows), [[1.0, 0.0], [1.0, 1.0]]).compute()
    np.testing.assert_array_equal(found, [[np.inf, np.nan], [np.inf, 1e308], [np.nan, np.nan]])


@pytest.mark.parametrize(
    ("array", "weights", "words"),
    [
        (da.ones((4, 3)), [1.0, 2.0], r"must have shape \(3,\) or \(3, m\) for an array of 3 columns: .* \(2,\)"),
        (da.ones((4, 3)), np.ones((3, 2, 2)), r"must have shape"),
        (da.ones((4, 3)), np.ones((3, 0)), r"must have shape"),
        (da.ones((4, 3)), [1.0, np.nan, 2.0], r"`weights` must be finite: weights\[1\] is nan"),
        (da.ones((4, 3)), {"oil": 1.0}, "those of `array` have no names"),
        (da.ones(4), [1.0], r"must have rows of at least one column: its shape is \(4,\)"),
        (da.ones((4, 3, 2)), np.ones(6), r"array.reshape\(len\(array\), -1\)"),
        (da.ones((4, 3), chunks=(2, 2)), np.ones(3), r"array.rechunk\({0: 'auto', 1: -1}\)"),
        (NORMAL.sample(10, seed=1), {"steel": 1.0}, "names 'steel', and the columns of `array` are called 'oil',"),
        (NORMAL.sample(10, seed=1), {}, "must name a column"),
        (NORMAL.sample(10, seed=1), {"oil": np.inf}, "must be finite"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(array: Any, weights: Any, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        combine(array, weights)


def test_names_that_two_columns_have_are_refused() -> None:
    array = xr.DataArray(da.ones((2, 2)), dims=("row", "name"), coords={"name": ["a", "a"]})
    with pytest.raises(ArgumentError, match="more than one column is called so"):
        combine(array, {"a": 1.0})


def test_other_things_are_refused() -> None:
    with pytest.raises(ArgumentTypeError, match="must be a dask array, not ndarray"):
        combine(np.ones((2, 2)), [1.0, 1.0])  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match="its dtype is complex128"):
        combine(da.ones((2, 2)) * 1j, [1.0, 1.0])
    with pytest.raises(ArgumentTypeError, match="`weights` must"):
        combine(da.ones((2, 2)), "ab")  # type: ignore[arg-type]
    # The way out of axes that are too many works.
    cube = da.from_array(np.arange(24.0).reshape(4, 3, 2), chunks=(2, -1, -1))
    assert combine(cube.reshape(len(cube), -1), np.ones(6)).compute().tolist() == [15.0, 51.0, 87.0, 123.0]


def test_labels_of_weights_are_never_lost() -> None:
    x = NORMAL.sample(10, seed=1)
    with pytest.raises(ArgumentError, match="`weights` names 'oil' more than once: add them up"):
        combine(x, pd.Series([1.0, 2.0], index=["oil", "oil"]))
    years = mvn_dask.MultivariateNormal([0.0, 1.0], 1.0, names=["2026", "2027"]).sample(10, seed=1)
    assert (combine(years, {2027: 1.0}) == years[:, 1]).all().compute()
    with pytest.raises(ArgumentError, match="a column more than once, by labels of two types"):
        combine(years, {2026: 1.0, "2026": 1.0})
    for labelled in (
        pd.DataFrame({"a": [1.0, 2.0, 3.0]}, index=["coal", "gas", "oil"]),
        xr.DataArray([1.0, 2.0, 3.0], dims=["name"], coords={"name": ["coal", "gas", "oil"]}),
    ):
        with pytest.raises(ArgumentTypeError, match=r"are not looked at. Give weights.to_numpy\(\), in the order"):
            combine(x, labelled)


def test_masked_numbers_are_refused() -> None:
    with pytest.raises(ArgumentError, match=r"`array` must have no masked numbers: da.ma.filled\(array, np.nan\)"):
        combine(da.ma.masked_less(da.ones((4, 2)), 0), [1.0, 1.0])
