import pytest

from mvn_dask.reporting.words import near, number, share, signed, stretch
from tests.reporting.planting import sample, scan_of


@pytest.mark.parametrize(
    ("value", "step", "text"),
    [
        (0.0123, 1e-5, "0.012300"),
        (-0.5, 0.01, "−0.500"),
        (123456.0, 1000.0, "123456"),
        (1.5, 0.0, "1.5"),
        (float("nan"), 1.0, "no number"),
        (1.0, float("inf"), "1"),
        (1.25, 1e-30, "1.25"),
    ],
)
def test_near(value: float, step: float, text: str) -> None:
    assert near(value, step) == text


def test_what_is_not_finite() -> None:
    assert number(float("-inf")) == "−∞"
    assert signed(float("inf")) == "∞"


def test_shares() -> None:
    assert [share(each) for each in (0.0, 1e-6, 0.019, 0.02, 0.5)] == [
        "less than 1 in a million", "1 in 1,000,000", "1 in 53", "2 in 100", "50 in 100",
    ]  # fmt: skip


def test_stretches() -> None:
    selection = scan_of(sample(40_000)).selection
    assert stretch(selection, 0) == "rows 0 to 312"
    assert stretch(selection, 127) == "rows 39,688 to 39,999"
    assert stretch(scan_of(sample(1)).selection, 0) == "row 0"
