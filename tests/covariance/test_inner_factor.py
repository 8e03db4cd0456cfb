import numpy as np
import pytest

from mvn_dask.covariance import Diagonal
from mvn_dask.covariance.inner_factor import arrays_with_inner, inner_of_record
from mvn_dask.errors import ArgumentError

INNER = Diagonal([4.0, 9.0]).factorize()
OWN = {"places": np.arange(2)}
RECORD = {"kind": "outer", "field": INNER.record(), "count": 2}


def test_there_and_back() -> None:
    arrays = arrays_with_inner(OWN, "field", INNER)
    assert list(arrays) == ["places", "field.scale"]
    found, own = inner_of_record("outer", RECORD, arrays, "field", ["count"])
    np.testing.assert_array_equal(found.colorize(np.ones((1, 2))), [[2.0, 3.0]])
    assert list(own) == ["places"]


def test_records_and_arrays_of_no_factor_inside_another() -> None:
    arrays = arrays_with_inner(OWN, "field", INNER)
    with pytest.raises(ArgumentError, match="a factor of kind 'outer' has other fields than"):
        inner_of_record("outer", RECORD, arrays, "field")
    with pytest.raises(ArgumentError, match=r"\['places'\] are those of no factor inside another"):
        inner_of_record("outer", RECORD, OWN, "field", ["count"])
    with pytest.raises(ArgumentError, match="is no record of a factor"):
        inner_of_record("outer", {**RECORD, "field": []}, arrays, "field", ["count"])
