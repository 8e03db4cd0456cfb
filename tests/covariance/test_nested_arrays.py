import numpy as np
import pytest

from mvn_dask.covariance import Dense, Diagonal
from mvn_dask.covariance.nested_arrays import MAX_DOTS, nested_arrays, nested_factor, own_arrays
from mvn_dask.covariance.scaled import ScaledFactor
from mvn_dask.errors import ArgumentError


def test_names_say_which_class_rebuilds_a_factor() -> None:
    triangular = Dense([[4.0, 2.0], [2.0, 3.0]]).factorize()
    arrays = nested_arrays("blocks.0", triangular) | nested_arrays("blocks.1", Diagonal([4.0]).factorize())
    assert list(arrays) == ["blocks.0.triangular.matrix", "blocks.1.scale.scale"]
    again = nested_factor("blocks.0", {**arrays, "own": np.ones(2)})
    assert type(again) is type(triangular)
    np.testing.assert_array_equal(again.variances(), triangular.variances())
    assert list(own_arrays({**arrays, "own": np.ones(2)})) == ["own"]


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ([], r"one factor 'inner', and there are those of the kinds \[\]"),
        (["inner", "other.scale.scale", "inner2.scale.scale"], r"of the kinds \[\]"),
        (["inner.scale.scale", "inner.triangular.matrix"], r"the kinds \['scale', 'triangular'\]"),
        (["inner.scale.scale", "inner.scale.more"], "'scale' alone"),
        (["inner.scale"], "'scale' alone"),
        (["inner."], "no factor of kind ''"),
        (["inner.os.system"], "no factor of kind 'os'"),
        (["inner." + "scaled.inner." * MAX_DOTS + "scale.scale"], "more than 32 deep"),
        (["inner." + "scaled.inner." * 1_000_000], "more than 32 deep"),
    ],
)
def test_what_makes_no_factor(names: list[str], text: str) -> None:
    with pytest.raises(ArgumentError, match=text):
        nested_factor("inner", {name: np.ones(2) for name in names})


def test_factors_nest() -> None:
    factor = ScaledFactor(ScaledFactor(Diagonal([4.0, 9.0]).factorize(), np.array([1.0, 2.0])), np.array([3.0, 1.0]))
    assert sorted(factor.arrays()) == ["inner.scaled.inner.scale.scale", "inner.scaled.scale", "scale"]
    again = ScaledFactor.from_arrays(factor.arrays())
    np.testing.assert_array_equal(again.variances(), [36.0, 36.0])
