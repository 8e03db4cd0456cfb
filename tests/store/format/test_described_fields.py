import numpy as np
import pytest

from mvn_dask.description import Description, LabelArray
from mvn_dask.errors import ArgumentError
from mvn_dask.origin_attributes import origin_attributes
from mvn_dask.store.format.described_fields import described_fields


def test_the_fields() -> None:
    labels = LabelArray(("x",), np.array([1, 2]))
    origin = origin_attributes([{"streams": 1}], None, None)
    found = described_fields(Description("flow", {"units": "m", **origin}, {"a": labels}, {"x": ("a",)}))
    assert found == {
        "name": "flow",
        "coordinates": {"a": {"dims": ["x"], "dtype": "int64", "labels": ["1", "2"], "attributes": {}}},
        "indexes": {"x": ["a"]},
        "attributes": {"units": "m"},
    }
    assert described_fields(Description())["name"] == "samples"


@pytest.mark.parametrize("name", ["", "a b", "mean", "a" * 65, "é"])
def test_names_that_no_store_has(name: str) -> None:
    with pytest.raises(ArgumentError, match=r"the array of a store is named by .*\.rename\("):
        described_fields(Description(name))
    with pytest.raises(ArgumentError, match=r"coordinates of a store are named by .*array.rename\("):
        described_fields(Description(None, {}, {name: LabelArray((), np.array(1))}))
