import numpy as np
import pytest
from scipy import stats

from mvn_dask.distribution.known_laws import LEVELS_SHOWN, normal_law, t_law

SHAPE = np.array([[4.0, 1.0], [1.0, 0.0]])
X = np.linspace(-5.0, 5.0, 11)


def test_densities() -> None:
    normal, constant = normal_law(np.array([1.0, 2.0]), SHAPE).densities
    np.testing.assert_allclose(normal(X), stats.norm(1.0, 2.0).pdf(X))
    assert np.isnan(constant(X)).all()
    t, constant = t_law(np.array([1.0, 2.0]), SHAPE, 3.0).densities
    np.testing.assert_allclose(t(X), stats.t(3.0, 1.0, 2.0).pdf(X))
    assert np.isnan(constant(X)).all()


@pytest.mark.parametrize("df", [0.5, 5.0, 1e9])
def test_ellipses_hold_what_they_say(df: float) -> None:
    t, normal = t_law(np.zeros(2), np.eye(2), df), normal_law(np.zeros(2), np.eye(2))
    assert t.radii is not None
    assert normal.radii is not None
    for radius, level in zip(t.radii, LEVELS_SHOWN, strict=True):
        assert stats.f(2, df).cdf(radius**2 / 2) == pytest.approx(level)
    for radius, level in zip(normal.radii, LEVELS_SHOWN, strict=True):
        assert stats.chi2(2).cdf(radius**2) == pytest.approx(level)
