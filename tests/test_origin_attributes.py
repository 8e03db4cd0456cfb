import numpy as np

from mvn_dask.hashing import digest
from mvn_dask.origin_attributes import MAX_MEAN_SIZE, origin_attributes, without_origin


def test_what_is_said_of_an_origin() -> None:
    found = origin_attributes([{"streams": 1}], "add-1", np.zeros(2))
    assert found == {"provenance": '[{"streams":1}]', "expression": "add-1", "mean": [0.0, 0.0]}
    assert "mean" not in origin_attributes([], None, np.zeros(MAX_MEAN_SIZE + 1))


def test_it_is_left_out_where_it_was_passed_on_and_others_stay() -> None:
    mean = np.array([0.1, -0.0], "f4")
    sample = {"streams": 1, "parameters": {"mean": {"dtype": "float32", "sha256": digest(mean)}}}
    own = origin_attributes([sample], f"add-{'0' * 32}", mean)
    assert without_origin({"a": 1, **own}) == {"a": 1}
    theirs = {"mean": [0.1, 5.0], "expression": "x + 1"}
    assert without_origin({**own, **theirs}) == theirs
    for other in ("annual", [[1, 2], 3], [10**400], None):
        assert without_origin({**own, "mean": other}) == {"mean": other}
    for provenance in ("[", "[1]", '[{"a": 1}]', "a station", 5):
        assert without_origin({"provenance": provenance, "mean": 1}) == {"provenance": provenance, "mean": 1}
