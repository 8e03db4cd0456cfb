import json

import numpy as np

from mvn_dask.reporting.plain_numbers import finite, plain


def test_whatever_is_no_finite_number_is_none() -> None:
    assert plain(np.array([[1.0, np.inf], [np.nan, -2.5]])) == [[1.0, None], [None, -2.5]]
    assert plain(np.array([3, 4])) == [3, 4]
    nested = finite({"a": [1.0, {"b": float("nan")}], "c": ("x", float("-inf"))})
    assert json.loads(json.dumps(nested, allow_nan=False)) == {"a": [1.0, {"b": None}], "c": ["x", None]}
