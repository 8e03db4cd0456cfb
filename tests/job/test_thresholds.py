import numpy as np
import pytest

from mvn_dask.job.thresholds import Threshold, threshold


def test_comparisons() -> None:
    numbers = np.array([-1.0, 0.0, 1.0])
    for text, held in [
        ("> 0", [False, False, True]),
        (">=0.", [False, True, True]),
        (" < +0.0 ", [True, False, False]),
        ("<= -.1e1", [True, False, False]),
    ]:
        event = threshold(text)
        assert event is not None
        assert event(numbers).tolist() == held
    assert threshold("> 1e-3") == Threshold(">", 0.001)


@pytest.mark.parametrize("text", ["", ">", "3", "> x", "= 3", "== 3", "> 3 4", "> 1e999", "> inf", "> nan", "x > 3"])
def test_anything_else(text: str) -> None:
    assert threshold(text) is None
