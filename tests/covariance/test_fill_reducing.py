import sys
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from mvn_dask.compiled import loops
from mvn_dask.covariance import fill_reducing as orders
from mvn_dask.covariance.fill_reducing import fill_reducing, ordering
from mvn_dask.covariance.symbolic import count_entries
from mvn_dask.errors import ArgumentError
from tests.support.sparse_matrices import CASES, chain, grid, pattern_of, random_graph

NAMES: list[Any] = ["auto", "nested_dissection", "minimum_degree", "natural"]


@pytest.mark.parametrize("order", NAMES)
@pytest.mark.parametrize("name", CASES)
def test_every_order_is_a_permutation(name: str, order: Any) -> None:
    matrix = CASES[name]
    assert sorted(fill_reducing(pattern_of(matrix), order)) == list(range(matrix.shape[0]))


@pytest.mark.parametrize("name", CASES)
def test_auto_is_the_cheapest(name: str) -> None:
    pattern = pattern_of(CASES[name])
    counts = {order: count_entries(pattern, fill_reducing(pattern, order)) for order in NAMES}
    # METIS, where it is installed, may be cheaper than all of these.
    assert counts["auto"] == min(counts.values()) or (find_spec("pymetis") and counts["auto"] < min(counts.values()))


def test_orders_are_worth_their_while() -> None:
    """On a grid of n × n points the natural order has n³ entries, and dissection 31 n² log2(n) / 4 (George 1973)."""
    pattern = pattern_of(grid(40))
    counts = {order: count_entries(pattern, fill_reducing(pattern, order)) for order in NAMES}
    assert counts["natural"] > 60_000
    assert counts["nested_dissection"] < 30_000
    assert counts["minimum_degree"] < 28_000
    # A band is best as it is.
    assert fill_reducing(pattern_of(chain(50)), "natural").tolist() == list(range(50))
    assert count_entries(pattern_of(chain(50)), fill_reducing(pattern_of(chain(50)), "auto")) == 99


def test_components_are_not_searched_again_for_each_other() -> None:
    # The square of their number would take a minute.
    eye = sp.csc_array(sp.eye_array(8_000))
    assert sorted(fill_reducing(pattern_of(eye), "auto")) == list(range(8_000))


@pytest.mark.slow
def test_compiled_dissection_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    for matrix in (grid(20), random_graph(400, 3.0, 5)):
        found = []
        for size in (0, 2**62):
            monkeypatch.setattr(loops, "COMPILED_SIZE", size)
            found.append(fill_reducing(pattern_of(matrix), "nested_dissection"))
        np.testing.assert_array_equal(found[0], found[1])


def test_matrices_beyond_superlu_keep_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders, "MAX_SUPERLU", 10)
    assert fill_reducing(pattern_of(grid(4)), "minimum_degree").tolist() == list(range(16))


def test_metis_is_asked_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real one or, where it is not installed, one of the same signature."""
    asked: list[tuple[np.ndarray, np.ndarray]] = []

    def nested_dissection(*, xadj: Any, adjncy: Any) -> tuple[list[int], list[int]]:
        asked.append((np.asarray(xadj), np.asarray(adjncy)))
        order = list(range(len(xadj) - 1))[::-1]
        return order, order

    if find_spec("pymetis") is None:
        with pytest.raises(ArgumentError, match=r"'metis' needs pymetis: pip install 'mvn_dask\[sparse\]'"):
            ordering("metis")
        module: Any = ModuleType("pymetis")
        module.nested_dissection = nested_dissection
        monkeypatch.setitem(sys.modules, "pymetis", module)
        monkeypatch.setattr(orders, "find_spec", lambda _: object())
    assert ordering("metis") == "metis"
    pattern = pattern_of(grid(5))
    for order in ("metis", "auto"):
        assert sorted(fill_reducing(pattern, ordering(order))) == list(range(25))
    eye = pattern_of(sp.csc_array(sp.eye_array(3)))
    assert sorted(fill_reducing(eye, "metis")) == [0, 1, 2]
    for starts, rows in asked:
        columns = np.repeat(np.arange(25), np.diff(starts))
        assert len(rows) == 80
        assert (columns != rows).all()


@pytest.mark.parametrize("value", ["amd", "", None, 3, ["auto"]])
def test_other_names(value: Any) -> None:
    with pytest.raises(ArgumentError, match=r"`ordering` must be one of 'auto', 'nested_dissection', .* it is"):
        ordering(value)
