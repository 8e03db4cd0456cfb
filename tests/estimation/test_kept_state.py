from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mvn_dask.errors import DamagedStateError, SpecMismatchError
from mvn_dask.estimation.kept_state import STATE_FORMAT, STATE_VERSION, state_file
from mvn_dask.hashing import canonical_json


def test_nodes_come_back(tmp_path: Path) -> None:
    file = state_file(tmp_path / "a" / "state.json", None, {"seed": 1})
    assert file.read() == (0, {})
    file.write(5000, {(1, 0): (np.array([0.5]), 3), (0, 2): (np.array([0.25]), 1)})
    rows, nodes = file.read()
    assert rows == 5000
    assert nodes.keys() == {(1, 0), (0, 2)}
    assert nodes[1, 0][0].tolist() == [0.5]


def test_on_an_object_store() -> None:
    file = state_file("memory://states/one.json", None, {"seed": 1})
    file.write(1000, {(0, 0): 7})
    assert state_file("memory://states/one.json", None, {"seed": 1}).read() == (1000, {(0, 0): 7})
    with pytest.raises(SpecMismatchError, match="another seed"):
        state_file("memory://states/one.json", None, {"seed": 2}).read()


@pytest.mark.parametrize("body", [[], {"format": STATE_FORMAT, "version": STATE_VERSION, "rows": 1, "nodes": []}])
def test_what_only_looks_like_a_state(tmp_path: Path, body: Any) -> None:
    digest = sha256(canonical_json(body).encode()).hexdigest()
    (tmp_path / "state.json").write_text(canonical_json({"state": body, "sha256": digest}))
    with pytest.raises(DamagedStateError):
        state_file(tmp_path / "state.json", None, {"seed": 1}).read()
