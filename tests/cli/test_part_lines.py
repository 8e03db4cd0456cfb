from dataclasses import replace

import pytest

from mvn_dask.cli.part_lines import age_text, part_lines, parts_text
from mvn_dask.store.part_progress import PartProgress
from tests.support.statuses import HALF

STATUS = replace(
    HALF,
    parts=(
        PartProgress((0, 5), 8, 0, 990.0),
        PartProgress((1, 5), 0, 8, None),
        PartProgress((2, 5), 3, 5, 998.0),
        PartProgress((3, 5), 1, 7, 100.0),
        PartProgress((4, 5), 0, 1, None),
    ),
)


def test_those_that_stand_still_come_first() -> None:
    assert parts_text(STATUS, 1000.0) == "1 of 5 parts complete, 1 active, 1 silent, 2 not begun"
    assert list(part_lines(STATUS, 1000.0)) == [
        "  3/5  silent, 15 min 0 s ago: 1 of 8 chunks",
        "  2/5  active, 2 s ago: 3 of 8 chunks",
        "  1/5  not begun: 0 of 8 chunks",
        "  4/5  not begun: 0 of 1 chunk",
    ]


@pytest.mark.parametrize(
    ("limit", "last"),
    [(3, "  and 2 parts more that are not complete"), (1, "  and 4 parts more that are not complete")],
)
def test_no_more_lines_than_there_is_room_for(limit: int, last: str) -> None:
    lines = list(part_lines(STATUS, 1000.0, limit))
    assert (len(lines), lines[-1]) == (limit, last)


def test_nothing_where_no_parts_were_asked_for() -> None:
    assert list(part_lines(HALF, 0.0)) == []


def test_a_clock_that_is_ahead() -> None:
    assert age_text(2000.0, 1000.0) == "0 s ago"
