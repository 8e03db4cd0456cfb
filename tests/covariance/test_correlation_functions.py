import pickle
from typing import Any

import numpy as np
import pytest
from scipy import special

from mvn_dask.covariance import CovarianceFunction, exponential, gaussian, matern, spherical
from mvn_dask.errors import ArgumentError, ArgumentTypeError

H = np.array([0.0, 1e-9, 0.3, 1.0, 2.5, 40.0, 1e300, np.inf])


def test_formulas() -> None:
    near = H[:6]
    np.testing.assert_allclose(exponential(2.0, 3.0)(near), 3.0 * np.exp(-near / 2.0), rtol=1e-14)
    np.testing.assert_allclose(gaussian(2.0, 3.0)(near), 3.0 * np.exp(-(near**2) / 8.0), rtol=1e-13)
    inside = np.minimum(near / 2.0, 1.0)
    np.testing.assert_allclose(spherical(2.0, 3.0)(near), 3.0 * (1 - 1.5 * inside + 0.5 * inside**3), atol=1e-15)


@pytest.mark.parametrize("nu", [0.01, 0.5, 0.7, 1.0, 1.5, 2.5, 3.0, 10.0, 50.0])
def test_matern(nu: float) -> None:
    h = np.array([0.05, 0.3, 1.0, 2.5, 9.0])
    x = np.sqrt(2 * nu) * h / 2.0
    expected = 2 ** (1 - nu) / special.gamma(nu) * x**nu * special.kv(nu, x)
    np.testing.assert_allclose(matern(2.0, nu)(h), expected, rtol=1e-11)
    values = matern(2.0, nu, variance=4.0)(np.array([0.0, 1e-300, 1e-12]))
    assert values[0] == 4.0
    assert (values <= 4.0).all()
    np.testing.assert_allclose(values[1:], 4.0, rtol=1e-9 if nu > 0.4 else 1.0)


@pytest.mark.parametrize(
    "function", [exponential(2.0), gaussian(2.0), matern(2.0, 0.8), matern(1.0, 1.5), spherical(2)]
)
def test_a_function_is_a_value(function: CovarianceFunction) -> None:
    assert function(H[:1])[0] == 1.0
    assert np.isfinite(function(H)).all()
    assert function(H)[-1] == 0.0
    found = function(np.ones((2, 3)))
    assert found.shape == (2, 3)
    again = pickle.loads(pickle.dumps(function))  # noqa: S301
    assert again == function
    assert hash(again) == hash(function)
    namespace = {each.__name__: each for each in (exponential, gaussian, matern, spherical)}
    assert eval(repr(function), dict(namespace)) == function  # noqa: S307
    assert function.record()["name"] == function.name
    assert function != exponential(3.0)
    with pytest.raises(AttributeError):
        function.name = "other"  # type: ignore[misc]


@pytest.mark.parametrize("wrong", [0.0, -1.0, np.nan, np.inf, 10**400])
def test_numbers_that_are_not_positive(wrong: float) -> None:
    for function in (exponential, gaussian, spherical):
        for arguments in ((wrong,), (1.0, wrong)):
            with pytest.raises(ArgumentError, match="must be positive and finite"):
                function(*arguments)
    with pytest.raises(ArgumentError, match="`nu` must be positive"):
        matern(1.0, wrong)


@pytest.mark.parametrize("wrong", ["1", None, [1.0, 2.0], 1j, True, b"2"])
def test_what_is_no_number(wrong: Any) -> None:
    with pytest.raises(ArgumentTypeError, match="`length` must be a real number"):
        exponential(wrong)


def test_a_very_smooth_field_is_gaussian() -> None:
    with pytest.raises(ArgumentError, match=r"`nu` must be at most 50.*gaussian\(2.0\) is near"):
        matern(2.0, 51.0)
    np.testing.assert_allclose(matern(2.0, 50.0)(H[:6]), gaussian(2.0)(H[:6]), atol=0.01)
