from collections.abc import Callable
from fractions import Fraction
from typing import Any

import astropy.units as au
import numpy as np
import pandas as pd
import pint_pandas
import pytest
import xarray as xr
from astropy.table import Column, MaskedColumn, QTable
from dask.delayed import delayed

import mvn_dask
from mvn_dask.array_likes import real_array
from mvn_dask.errors import ArgumentTypeError
from mvn_dask.units import has_unit, is_plain, without_units
from tests.support.units import UNITS

NUMBERS = [0.5, 2.0]
MATRIX = [[2.0, 1.0], [1.0, 2.0]]


def with_pint(numbers: Any) -> Any:
    return UNITS.Quantity(np.asarray(numbers), "m") if np.ndim(numbers) else UNITS.Quantity(numbers, "m")


def with_astropy(numbers: Any) -> Any:
    return numbers * au.m


def objects(make: Callable[[Any], Any], numbers: Any) -> Any:
    found = np.empty(np.shape(numbers), dtype=object)
    for index, number in np.ndenumerate(numbers):
        found[index] = make(float(number))
    return found


def forms(make: Callable[[Any], Any]) -> list[tuple[str, Any]]:
    """A mean or a covariance of numbers with a unit, in each form that they may have."""
    vector, matrix = objects(make, NUMBERS), objects(make, MATRIX)
    labels = ["oil", "gas"]
    return [
        ("mean", make(np.array(NUMBERS))),
        ("cov", make(np.array(MATRIX))),
        ("cov", make(4.0)),
        ("mean", vector.tolist()),
        ("mean", tuple(vector.tolist())),
        ("cov", matrix.tolist()),
        ("cov", tuple(map(tuple, matrix.tolist()))),
        ("cov", [make(np.array(row)) for row in MATRIX]),
        ("mean", vector),
        ("cov", matrix),
        ("cov", objects(make, 4.0)),
        ("mean", pd.Series(vector, index=labels)),
        ("cov", pd.DataFrame(matrix, index=labels, columns=labels)),
        ("mean", xr.DataArray(make(np.array(NUMBERS)), dims="x", coords={"x": labels})),
        ("cov", xr.DataArray(matrix, dims=("x", "y"), coords={"x": labels})),
        ("cov", xr.Variable(("x", "y"), make(np.array(MATRIX)))),
    ]


GIVEN: list[tuple[str, Any]] = [
    *forms(with_pint),
    *forms(with_astropy),
    ("mean", pd.Series(NUMBERS, dtype="pint[m]", index=["oil", "gas"])),
    ("cov", pd.DataFrame(MATRIX, columns=["a", "b"], dtype="pint[m]")),
    ("mean", Column(NUMBERS, unit="m")),
    ("mean", MaskedColumn(NUMBERS, unit="m")),
    ("mean", QTable({"x": NUMBERS * au.m})["x"]),
    ("cov", UNITS.Quantity(4.0, "percent")),
    ("cov", 4.0 * au.percent),
    ("cov", UNITS.Quantity(np.array(MATRIX), "m ** 2 / s")),
    ("cov", np.array(MATRIX) * au.Unit("m2 / s")),
]


@pytest.mark.parametrize("number", range(len(GIVEN)))
def test_units_are_refused_by_name_and_the_way_out_works(number: int) -> None:
    """Whatever the error says to give is taken, and is the same numbers, with the labels that there were."""
    assert pint_pandas.PintType.ureg is not None, "it registers the dtype pint[m]"
    name, value = GIVEN[number]
    plain: dict[str, Any] = {"mean": [0.0, 0.0], "cov": 1.0}
    with pytest.raises(
        ArgumentTypeError, match=f"`{name}` has the unit .*, and samples are plain numbers: give such"
    ) as caught:
        mvn_dask.MultivariateNormal(**plain | {name: value})
    way_out = str(caught.value).rpartition(", as with ")[2]
    given = eval(way_out, {name: value})  # noqa: S307
    numbers = NUMBERS if name == "mean" else MATRIX if np.ndim(given) else 4.0
    np.testing.assert_array_equal(real_array(name, given), numbers)
    normal = mvn_dask.MultivariateNormal(**plain | {name: given})
    has_names = isinstance(value, (pd.Series, pd.DataFrame, xr.DataArray))
    assert (normal.names is not None) == has_names


def test_what_dask_computes_has_units_as_well() -> None:
    value = delayed(with_pint(NUMBERS))
    with pytest.raises(ArgumentTypeError, match="`mean` has the unit 'meter'") as caught:
        real_array("mean", value)
    assert real_array("mean", eval(str(caught.value).rpartition(", as with ")[2], {"mean": value})).tolist() == NUMBERS  # noqa: S307


@pytest.mark.parametrize(
    ("value", "unit"),
    [
        ([with_pint(1.0), 2.0], "meter"),
        ([2.0, with_pint(1.0)], "meter"),
        ([with_pint(1.0), UNITS.Quantity(1.0, "s")], "meter"),
        ([1.0 * au.m, 1.0 * au.s], "m"),
        ([with_pint(1.0), 1.0 * au.m], "meter"),
        (np.array([Fraction(1), with_pint(1.0)], dtype=object), "meter"),
        (pd.Series([with_pint(1.0), 2.0]), "meter"),
    ],
)
def test_no_way_out_is_named_where_none_is_simple(value: Any, unit: str) -> None:
    with pytest.raises(ArgumentTypeError) as caught:
        real_array("mean", value)
    assert str(caught.value) == (
        f"`mean` has the unit '{unit}', and samples are plain numbers: give such, cov in the square of the unit of mean"
    )


def test_multiples_of_one_unit_are_converted_by_the_way_out() -> None:
    for value in ([1.0 * au.m, 1.0 * au.km], [UNITS.Quantity(1.0, "m"), UNITS.Quantity(1.0, "km")]):
        with pytest.raises(ArgumentTypeError) as caught:
            real_array("mean", value)
        assert eval(str(caught.value).rpartition(", as with ")[2], {"mean": value}) == [1.0, 1000.0]  # noqa: S307


def test_which_values_have_a_unit() -> None:
    assert [has_unit(type(value)) for value in (1.0, np.ones(2), pd.Series([1.0]), with_pint(1.0), 1.0 * au.m)] == [
        False, False, False, True, True
    ]  # fmt: skip
    assert is_plain(UNITS.Quantity(1.0, ""))
    assert is_plain(Column([1.0]))
    assert not is_plain(1.0 * au.percent)
    assert without_units([UNITS.Quantity(1.0, ""), [2.0, 3.0 * au.dimensionless_unscaled]]) == [1.0, [2.0, 3.0]]


def test_units_of_an_array_of_xarray_become_those_of_its_samples() -> None:
    coords = {"height": ("v", with_pint(NUMBERS)), "share": ("v", UNITS.Quantity(np.array(NUMBERS), ""))}
    mean = xr.DataArray(with_pint(NUMBERS), dims="v", coords=coords)
    with pytest.raises(ArgumentTypeError) as caught:
        mvn_dask.MultivariateNormal(mean, 1.0)
    given = eval(str(caught.value).rpartition(", as with ")[2], {"mean": mean})  # noqa: S307
    sample = mvn_dask.MultivariateNormal(given, 1.0).sample(4, seed=1, as_xarray=True)
    assert (sample.units, sample["height"].attrs, sample["share"].attrs) == ("meter", {"units": "meter"}, {})
    assert sample["height"].values.tolist() == NUMBERS
