import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from mvn_dask.reporting.figures.segment_blocks import mean_errors, segment_blocks
from tests.reporting.derived_stores import sound, summaries

LIMIT = 1e-3 / 3 / 8000


def frames(picture: str) -> int:
    return sum(each.attrib.get("class") == "marked" for each in ET.fromstring(picture).iter("rect"))  # noqa: S314 our own


def test_errors_are_those_of_numpy() -> None:
    numbers = np.random.default_rng(0).standard_normal((6400, 1))
    segments = summaries(numbers).columns[0].segments
    parts = np.split(numbers[:, 0], np.cumsum(segments.rows)[:-1])
    pooled = np.average([part.var(ddof=1) for part in parts], weights=segments.rows)
    expected = [(part.mean() - numbers.mean()) / np.sqrt(pooled * (1 / len(part) - 1 / 6400)) for part in parts]
    assert mean_errors(segments) == pytest.approx(expected)


def test_a_fault_of_some_rows_in_one_column_is_located() -> None:
    numbers = sound(64_000, 3)
    quiet = segment_blocks(summaries(numbers), LIMIT, 1e-4)
    assert quiet is not None
    assert quiet.failed == frames(quiet.picture) == 0
    numbers[20_480:20_992, 3] += 2.0
    found = segment_blocks(summaries(numbers), LIMIT, 1e-4)
    assert found is not None
    assert 64 <= found.segments <= 128
    assert found.failed == frames(found.picture) == 1
    pattern = r"column 3 in rows 20,480 to 20,991: mean 3\.9\d+, of all rows 2\.\d+, \+30\.\d standard errors"
    assert re.fullmatch(pattern, found.worst)


def test_missing_numbers_are_framed() -> None:
    numbers = np.random.default_rng(1).standard_normal((64_000, 2))
    numbers[5120:5300, 1] = np.nan
    found = segment_blocks(summaries(numbers), LIMIT, 1e-4)
    assert found is not None
    assert found.failed == 1


def test_rows_that_come_again_are_marked() -> None:
    numbers = np.random.default_rng(1).standard_normal((64_000, 2))
    numbers[50_000:50_400] = numbers[5120:5520]
    found = segment_blocks(summaries(numbers), LIMIT, 1e-4)
    assert found is not None
    root = ET.fromstring(found.picture)  # noqa: S314 our own
    marks = [each.findtext("title") for each in root.iter("rect") if "flag" in each.attrib["class"]]
    assert marks == [
        "rows 5,120 to 5,631: repeated",
        "rows 49,664 to 50,175: repeated",
        "rows 50,176 to 50,687: repeated",
    ]


def test_nothing_to_show() -> None:
    assert segment_blocks(summaries(np.ones((2000, 2))), LIMIT, 1e-4) is None
    assert segment_blocks(summaries(np.random.default_rng(0).standard_normal((40, 2))), LIMIT, 1e-4) is None
    assert segment_blocks(summaries(np.full((2000, 1), np.nan)), LIMIT, 1e-4) is None
