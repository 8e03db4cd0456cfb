import numpy as np
import pytest

from mvn_dask.readable import duration, plural, readable_bytes

DURATIONS = [
    (0, "0 s"),
    (0.0012, "0.0012 s"),
    (9.96, "10 s"),
    (59.4, "59 s"),
    (59.7, "60 s"),
    (60, "1 min 0 s"),
    (3599.6, "1 h 0 min"),
    (86399, "23 h 59 min"),
    (86400, "1 d 0 h"),
    (np.float64(8000), "2 h 13 min"),
]


@pytest.mark.parametrize(("seconds", "text"), DURATIONS)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("nbytes", "text"), [(0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (1000 * 2**20, "1000 MiB"), (2**60, "1024 PiB")]
)
def test_bytes(nbytes: int, text: str) -> None:
    assert readable_bytes(nbytes) == text


def test_plurals() -> None:
    assert [plural(count, "chunk") for count in (0, 1, 2, 1000)] == ["0 chunks", "1 chunk", "2 chunks", "1000 chunks"]
