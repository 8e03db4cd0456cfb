import json

import numpy as np
import pytest

from mvn_dask.errors import ArgumentError
from mvn_dask.estimation.node_encoding import decoded, encoded


def test_bits_survive() -> None:
    node = (np.array([0.1, -0.0, np.nan, np.inf]), (3, 0.1 + 0.2, None, True, "text"), np.array([[1], [2**62]]))
    again = decoded(json.loads(json.dumps(encoded(node))))
    assert again[0].tobytes() == node[0].tobytes()
    assert again[1] == node[1]
    assert again[2].dtype == np.int64
    np.testing.assert_array_equal(again[2], node[2])
    assert decoded(encoded(np.float64(0.5))) == 0.5


def test_other_nodes_are_refused() -> None:
    with pytest.raises(ArgumentError, match="`state` keeps statistics whose nodes are tuples, numbers and arrays"):
        encoded({1, 2})


@pytest.mark.parametrize(
    "value",
    [
        {"tuple": [{}]},
        {"dtype": "object", "shape": [1], "bytes": ""},
        {"dtype": "float64", "shape": [3], "bytes": ""},
        0.5,
        [],
    ],
)
def test_forged_values_are_refused(value: object) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        decoded(value)
