"""Tables of quantile functions: how far they are off, and which functions have none."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import ndtr

from mvn_dask.distribution.marginal_laws import marginal_law
from mvn_dask.distribution.quantile_tables import (
    HALF_WIDTH,
    TABLE_TOLERANCE,
    QuantileTables,
    cell_counts,
    coefficients,
    tabulate,
)
from tests.support.laws import F_LAWS
from tests.support.strategies import Floats

LAWS = [
    stats.norm(), stats.lognorm(0.5), stats.lognorm(3.0), stats.gamma(0.5), stats.gamma(300.0), stats.expon(),
    stats.uniform(), stats.beta(0.5, 0.5), stats.t(2.5), stats.t(1.0), stats.cauchy(),
    stats.weibull_min(0.7), stats.gumbel_r(), stats.genextreme(-0.2), stats.genpareto(0.3), stats.logistic(),
    stats.laplace(), stats.pareto(2.5), *F_LAWS, stats.chi2(3), stats.johnsonsu(1.0, 2.0), stats.invgauss(0.5),
    stats.rayleigh(), stats.burr12(2.0, 3.0), stats.truncnorm(-1.0, 2.0), stats.halfnorm(), stats.loguniform(0.1, 10.0),
]  # fmt: skip
"""Laws that have a table."""


def table_of(density: int, found: Floats) -> QuantileTables:
    return QuantileTables(np.array([density]), found, np.zeros(1, np.int64), np.zeros(1), np.ones(1))


@pytest.mark.parametrize("law", LAWS, ids=lambda law: f"{law.dist.name}{law.args}")
def test_errors_are_within_the_tolerance(law: stats.rv_continuous) -> None:
    """At random places, against what scipy gives from the smaller of both probabilities."""
    quantile = marginal_law("law", law)[0].quantile()
    assert quantile is not None
    found = tabulate(quantile)
    assert found is not None
    z = np.random.default_rng(1).uniform(-8.5, 8.5, 20_000)
    rows, expected = z[:, None].copy(), quantile(z)
    table_of(*found).apply(rows)
    assert (np.abs(rows[:, 0] - expected) <= TABLE_TOLERANCE * np.maximum(1.0, np.abs(expected))).all()
    # Beyond 5.5 some upper tails of scipy's have lost their digits.
    inner = np.abs(z) < 5.5
    scipys = np.where(z < 0, law.ppf(ndtr(z)), law.isf(ndtr(-z)))
    np.testing.assert_allclose(rows[inner, 0], scipys[inner], rtol=1e-7, atol=1e-8)


def test_the_ends_stand_for_what_is_beyond() -> None:
    found = tabulate(np.exp)
    assert found is not None
    rows = np.array([[-50.0], [-HALF_WIDTH], [HALF_WIDTH], [50.0]])
    table_of(*found).apply(rows)
    assert (rows[0], rows[3]) == (rows[1], rows[2])
    np.testing.assert_allclose(rows[[1, 2], 0], np.exp([-8.5, 8.5]), rtol=1e-9)


def test_functions_that_no_table_is_good_enough_for() -> None:
    assert tabulate(lambda z: np.where(z > 8.0, np.inf, z)) is None
    assert tabulate(lambda z: np.abs(z - 0.3) ** 0.5 * np.sign(z - 0.3)) is None
    assert tabulate(lambda z: np.maximum(z, 0.01)) is None
    assert tabulate(lambda z: np.sin(500.0 * z)) is None


def test_a_kink_between_cells_is_none() -> None:
    found = tabulate(lambda z: np.maximum(z, 0.0))
    assert found is not None
    assert found[0] == 16


def test_polynomials_of_degree_5_are_exact() -> None:
    nodes = np.array([1, 9, 24, 40, 55, 63]) / 64.0
    expected = np.array([[1.0, -2.0, 0.5, 3.0, -1.0, 0.25]])
    np.testing.assert_allclose(
        coefficients(np.polynomial.polynomial.polyval(nodes, expected[0])[None]), expected, rtol=1e-11
    )
    np.testing.assert_array_equal(cell_counts(np.array([16, 0, 64])), [272, 0, 1088])
