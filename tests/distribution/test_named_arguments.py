import pytest

from mvn_dask.distribution.named_arguments import named_arguments
from mvn_dask.errors import ArgumentError, ArgumentTypeError, StoreError

NAMES = {"mean": "location", "cov": "shape"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("`mean` must be finite: mean[3] is nan", "`location` must be finite: location[3] is nan"),
        ("mean must be 1 dimensional: the shape of `mean` is (1, 2)", "location must be 1 dimensional: the shape of "),
        ("mean and cov must have same length", "location and shape must have same length"),
        ("`mean` must be a vector: give list(mean)", "`location` must be a vector: give list(location)"),
        (
            "`cov` must hold numbers; numpy.asarray(cov, dtype=float)",
            "`shape` must hold numbers; numpy.asarray(shape, ",
        ),
        ("near its mean 3 numbers are far apart", "near its mean 3 numbers are far apart"),
    ],
)
@pytest.mark.parametrize("kind", [ArgumentError, ArgumentTypeError])
def test_names_of_arguments_are_changed(kind: type[ArgumentError], text: str, expected: str) -> None:
    with pytest.raises(kind) as caught, named_arguments(NAMES):
        raise kind(text)
    assert str(caught.value).startswith(expected)


def test_other_errors_pass() -> None:
    with pytest.raises(StoreError, match="`mean`"), named_arguments(NAMES):
        raise StoreError("`mean`")
