from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mvn_dask.errors import ArgumentError
from mvn_dask.typed_texts import BOOLEAN, LABEL_DTYPES, TEXT, array_of, in_known_unit, texts_of

ARRAYS = st.sampled_from([np.dtype(bool), *LABEL_DTYPES.values()]).flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(max_dims=2, max_side=4, min_side=0))
)


@settings(max_examples=60)
@given(ARRAYS)
def test_every_entry_is_read_back_bit_for_bit(array: Any) -> None:
    if array.dtype.kind == "M" and np.datetime_data(array.dtype)[0] != "ns":
        array = (array.astype(np.int64) % 2**40).astype(array.dtype)  # years of four digits
    texts = texts_of(array)
    again = array_of(array.dtype.name, texts)
    np.testing.assert_array_equal(again, array.reshape(-1))
    assert again.dtype == array.dtype
    assert texts_of(again) == texts


@pytest.mark.parametrize(
    ("dtype", "texts"),
    [(BOOLEAN, ["true"]), ("float64", ["x"]), ("timedelta64[s]", ["1 day"]), ("object", ["a"]), ("int8", ["300"])],
)
def test_what_cannot_be_read(dtype: str, texts: list[str]) -> None:
    with pytest.raises(ArgumentError, match=f"labels of the type '{dtype}' cannot be read".replace("[", r"\[")):
        array_of(dtype, texts)


def test_texts_and_what_is_missing() -> None:
    assert array_of(TEXT, ("a", "")).tolist() == ["a", ""]
    spans = np.array([1, "NaT"], "timedelta64[ms]")
    assert texts_of(spans) == ("0 days 00:00:00.001000", "NaT")
    np.testing.assert_array_equal(array_of("timedelta64[ms]", texts_of(spans)), spans)


def test_units_of_time() -> None:
    assert in_known_unit("t", np.array(["2026-01-01"], "datetime64[D]")).dtype == "datetime64[s]"
    with pytest.raises(ArgumentError, match="`t` holds times in fs"):
        in_known_unit("t", np.array([1], "datetime64[fs]"))
