from itertools import combinations, combinations_with_replacement

import numpy as np
import pytest

from mvn_dask.statistics.number_lines import NumberLine, estimate_table, listed, looked_at, number_text, pair_count


@pytest.mark.parametrize("has_diagonal", [True, False])
@pytest.mark.parametrize("columns", [0, 1, 2, 3, 4, 5, 6, 30])
def test_pairs_are_listed_in_their_order(columns: int, has_diagonal: bool) -> None:
    pairs = list((combinations_with_replacement if has_diagonal else combinations)(range(columns), 2))
    first, last = listed((columns, columns), is_symmetric=True, has_diagonal=has_diagonal)
    assert pair_count(columns, has_diagonal=has_diagonal) == len(pairs)
    if len(pairs) <= 10:
        assert (first, last) == (pairs, [])
    else:
        assert (first, last) == (pairs[:8], pairs[-2:])


def test_places_of_numbers() -> None:
    assert listed(()) == ([()], [])
    assert listed((2, 2)) == ([(0, 0), (0, 1), (1, 0), (1, 1)], [])
    assert listed((10**6, 10**6))[1] == [(10**6 - 1, 10**6 - 2), (10**6 - 1, 10**6 - 1)]


def test_rows_stand_in_the_table_where_they_differ() -> None:
    lines = [NumberLine(name, 1.0, 0.1, 0.8, 1.2, rows) for name, rows in (("a", 1000), ("b", 999))]
    assert ">rows</th>" in estimate_table(lines, what="column", percent="95 %")
    assert "rows" not in estimate_table(lines[:1], what="column", percent="95 %")


def test_texts() -> None:
    assert looked_at(7, 0) == "7 rows"
    assert looked_at(np.array([1000, 7]), np.array([0, 993])) == "7 to 1,000 rows; 993 missing left out"
    assert number_text(2.0, 0.0) == "2"
    assert number_text(float("inf"), 0.1) == "∞"
