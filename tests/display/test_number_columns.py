import xml.etree.ElementTree as ET

from mvn_dask.display.number_columns import FIGURE_SPACE, POINT_SPACE, NumberTable, aligned


def test_points_stand_below_each_other() -> None:
    texts = aligned(["1.25", "10", "2.5", "−3e+09", "–", "50.00%"])
    assert texts == ["1.25", f"10{POINT_SPACE}{2 * FIGURE_SPACE}", f"2.5{FIGURE_SPACE}", "−3e+09", "–", "50.00%"]
    assert aligned([]) == []
    assert aligned(["1", "1,000"]) == ["1", "1,000"]


def test_a_table_of_the_first_and_the_last_rows() -> None:
    table = NumberTable("bin", ("0", "<1>", "9"), (("count", ("−1.5", "2", "3")),), (0, 1, 9), 10)
    root = ET.fromstring(table.html)  # noqa: S314 our own
    texts = ["".join(row.itertext()) for row in root.iter("tr")]
    assert texts == [
        "bincount",
        "0−1.5",
        f"<1>2{POINT_SPACE}{FIGURE_SPACE}",
        "⋮7 more",
        f"93{POINT_SPACE}{FIGURE_SPACE}",
    ]
    assert table.lines == ["bin 0: count -1.5", "bin <1>: count 2", "… 7 more", "bin 9: count 3"]


def test_all_rows_have_no_gap() -> None:
    table = NumberTable("bin", ("0", "1"), (("count", ("1", "2")),), (0, 1), 2)
    assert "more" not in table.html
    assert len(table.lines) == 2
