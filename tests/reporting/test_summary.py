from dataclasses import fields

import numpy as np
import pytest

from mvn_dask.reporting.summary import Summary, empty
from tests.reporting.planting import sample, scan_of, summaries


def merged(parts: list[Summary], order: list[int]) -> Summary:
    scan = scan_of(sample())
    whole = empty(scan.selection, scan.expectation)
    for number in order:
        whole.merge(parts[number])
    return whole


def test_the_order_of_merging_does_not_matter_beyond_rounding() -> None:
    x = sample()
    parts = summaries(scan_of(x), x.compute())
    one, other = merged(parts, [*range(8)]), merged(parts, [5, 1, 7, 0, 2, 6, 4, 3])
    for each in fields(Summary):
        if each.name == "prints":
            assert one.prints.seen == other.prints.seen
        else:
            a, b = getattr(one, each.name), getattr(other, each.name)
            assert a == pytest.approx(b, rel=1e-11, abs=1e-9), each.name
            if a.dtype == np.int64:
                assert (a == b).all()
