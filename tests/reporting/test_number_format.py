import pytest

from mvn_dask.reporting.number_format import number, rate, signed, to_precision


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
def test_to_precision(value: float, step: float, text: str) -> None:
    assert to_precision(value, step) == text


def test_what_is_not_finite() -> None:
    assert number(float("-inf")) == "−∞"
    assert signed(float("inf")) == "∞"


def test_rates() -> None:
    assert [rate(each) for each in (0.0, 1e-6, 0.019, 0.02, 0.5)] == [
        "less than 1 in a million", "1 in 1,000,000", "1 in 53", "2 in 100", "50 in 100",
    ]  # fmt: skip
