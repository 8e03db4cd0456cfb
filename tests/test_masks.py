import numpy as np
import pytest
from astropy.utils.masked import Masked

from mvn_dask.array_likes import real_array
from mvn_dask.errors import ArgumentError
from mvn_dask.masks import has_mask, is_masked, refuse_masked
from tests.support.units import UNITS

PAIR = np.ma.array([1.0, 2.0], mask=[False, True])


def test_types_that_may_be_masked() -> None:
    assert [has_mask(type(value)) for value in (PAIR, Masked(np.zeros(2)), np.zeros(2), [PAIR])] == [
        True, True, False, False,
    ]  # fmt: skip
    assert [is_masked(value) for value in (PAIR, np.ma.array([1.0]), Masked(np.zeros(2)), [1.0])] == [
        True, False, False, False,
    ]  # fmt: skip
    refuse_masked("mean", np.ma.array([1.0, 2.0]))


@pytest.mark.parametrize(
    ("value", "where"),
    [
        (PAIR, "mean[1]"),
        (np.ma.array(np.eye(2), mask=[[False, True], [True, False]]), "mean[0, 1]"),
        ([1.0, PAIR], "mean[1, 1]"),
        ([1.0, np.ma.masked], "mean[1]"),
        ([[1.0], [Masked(2.0, mask=True)]], "mean[1, 0]"),
        (UNITS.Quantity(PAIR, "m"), "mean[1]"),
        (np.ma.masked, "it"),
    ],
)
def test_the_first_masked_entry_is_named(value: object, where: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        real_array("mean", value)
    text = f"`mean` must have no masked entries: {where} is masked; fill it, or leave its variable out"
    assert str(caught.value) == text
