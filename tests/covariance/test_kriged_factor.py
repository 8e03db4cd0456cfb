"""The factor of a conditional field, by the contract of factors."""

from typing import Any

import numpy as np
import pytest

from mvn_dask.covariance import StationaryGrid, exponential
from mvn_dask.covariance.base import factor_of_record
from mvn_dask.covariance.conditioned_grid import conditional_of_grid
from mvn_dask.covariance.kriged_factor import KrigedFactor
from mvn_dask.covariance.observations import Observations
from mvn_dask.errors import ArgumentError
from tests.support.contracts import check_factor


def kriged(shape: tuple[int, ...], places: list[int], noise: float | None) -> tuple[KrigedFactor, Any]:
    grid = StationaryGrid(exponential(0.7), shape)
    variances = None if noise is None else np.linspace(noise, 2.0 * noise, len(places))
    left = conditional_of_grid(grid, Observations(np.array(places), np.ones(len(places)), variances, None)).covariance
    whole, some = grid.to_dense(), np.array(places)
    block = whole[np.ix_(some, some)] + np.diag(np.zeros(len(some)) if variances is None else variances)
    factor = left.factorize()
    assert isinstance(factor, KrigedFactor)
    return factor, whole - whole[:, some] @ np.linalg.solve(block, whole[some])


@pytest.mark.parametrize("noise", [None, 0.3])
@pytest.mark.parametrize(("shape", "places"), [((12,), [11, 3]), ((4, 5), [19, 0, 7]), ((3, 2, 3), [5])])
def test_contract(shape: tuple[int, ...], places: list[int], noise: float | None) -> None:
    factor, dense = kriged(shape, places, noise)
    if noise is None:
        dense[places] = dense[:, places] = 0.0
    check_factor(factor, dense)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_bits_are_those_without_compiled_code(dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    factor = kriged((64, 70), [3, 500, 4000], 0.3)[0].astype(dtype)
    z = np.random.default_rng(1).standard_normal((9, factor.noise_ndim)).astype(dtype)
    expected = factor.colorize(z)
    monkeypatch.setattr("mvn_dask.covariance.hartley_transform.compiled_module", lambda _name: None)
    monkeypatch.setattr("mvn_dask.covariance.row_product.compiled_module", lambda _name: None)
    np.testing.assert_array_equal(factor.colorize(z), expected)


def test_exact_points_are_zeros_in_every_row() -> None:
    factor = kriged((4, 5), [19, 0, 7], None)[0].astype(np.float32)
    z = np.random.default_rng(1).standard_normal((9, factor.noise_ndim)).astype(np.float32)
    np.testing.assert_array_equal(factor.colorize(z)[:, [19, 0, 7]], np.zeros((9, 3)))


def test_damaged_arrays() -> None:
    factor = kriged((4, 5), [19, 0, 7], 0.3)[0]
    arrays, record = factor.arrays(), factor.record()
    wrongs: dict[str, list[Any]] = {
        "places": [np.array([19, 0, 20]), np.array([-1, 0, 7]), np.array([19, 0]), np.array([1.0, 2.0, 3.0])],
        "weights": [np.ones((3, 2)), np.ones((3, 3), np.float32), np.ones(3)],
        "scale": [np.ones(2), np.ones(3, np.float32), np.ones((3, 1)), np.empty(0)],
    }
    for name, found in wrongs.items():
        for array in found:
            with pytest.raises(ArgumentError):
                factor_of_record(record, {**arrays, name: array})
    with pytest.raises(ArgumentError):
        factor_of_record({**record, "field": {"kind": "scale"}}, arrays)
    with pytest.raises(ArgumentError):
        factor_of_record(record, {name: arrays[name] for name in ("places", "weights", "scale")})
    with pytest.raises(ArgumentError):
        KrigedFactor.from_arrays(arrays)
    with pytest.raises(ArgumentError, match="normals become fields"):
        factor.colorize(np.ones((1, 3)))
