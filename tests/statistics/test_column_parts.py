import numpy as np

from mvn_dask.display.fragments import SECTIONS, note
from mvn_dask.display.number_columns import NumberTable
from mvn_dask.statistics.column_parts import by_column, text_by_column


def table(place: int) -> NumberTable:
    return NumberTable("bin", ("0",), (("count", (str(place),)),), (0,), 1)


def test_one_column_has_no_title() -> None:
    for shape in ((3,), (3, 1)):
        assert list(by_column(np.ones(shape), None, lambda place: [note(str(place))])) == [note("0")]
        assert text_by_column(np.ones(shape), None, table, "7 rows") == "bin 0: count 0\n7 rows"


def test_of_many_columns_the_first_are_shown() -> None:
    shown = "".join(by_column(np.ones((3, 9)), [f"<{i}>" for i in range(9)], lambda place: [note(str(place))]))
    assert shown.count("<details>") == SECTIONS
    assert "&lt;5&gt;" in shown
    assert "and 3 columns more" in shown
    lines = text_by_column(np.ones((3, 9)), None, table, "7 rows").splitlines()
    assert lines == [*(f"column {i}, bin 0: count {i}" for i in range(SECTIONS)), "… 3 more columns", "7 rows"]
