import warnings
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.special import ndtr

from mvn_dask.distribution.marginal_laws import EXACT_REACH, MARGINAL_NAMES, Family, marginal_law
from mvn_dask.errors import ArgumentError, ArgumentTypeError
from tests.support.laws import F_LAWS


def test_every_family_is_a_continuous_distribution_of_scipy() -> None:
    # Older releases of scipy lack some.
    found = [getattr(stats, name) for name in MARGINAL_NAMES if hasattr(stats, name)]
    assert len(found) > 80
    assert all(isinstance(dist, stats.rv_continuous) for dist in found)


def test_parameters_in_any_spelling_are_one_law() -> None:
    expected = (Family("lognorm", (0.5,)), 1.0, 2.0)
    for law in (
        stats.lognorm(0.5, 1, 2),
        stats.lognorm(s=np.float32(0.5), loc=1.0, scale=2),
        stats.lognorm(0.5, scale=2.0, loc=1),
    ):
        assert marginal_law("law", law) == expected
    assert marginal_law("law", stats.norm(-0.0)) == (Family("norm", ()), 0.0, 1.0)


def test_records() -> None:
    family = Family("lognorm", (0.5,))
    assert Family.of_record(family.record()) == family
    wrong: list[Any] = [
        {"name": "os.system", "shapes": []},
        {"name": "__class__", "shapes": []},
        {"name": "rv_continuous", "shapes": []},
        {"name": "poisson", "shapes": [3.0]},
        {"name": ["norm"], "shapes": []},
        {"name": "lognorm", "shapes": []},
        {"name": "lognorm", "shapes": [1]},
        {"name": "lognorm", "shapes": [float("nan")]},
        {"name": "lognorm", "shapes": [-1.0]},
        {"name": "lognorm", "shapes": [0.5] * 100},
        {"name": "lognorm", "shapes": "s"},
    ]
    for record in wrong:
        with pytest.raises(ArgumentError):
            Family.of_record(record)


def test_quantiles_are_scipys_from_the_smaller_probability() -> None:
    z = np.array([-9.0, -8.0, -1.0, 0.0, 2.0, 8.0, 9.0])
    found = Family("lognorm", (0.5,)).exact(z)
    cut = np.clip(z, -EXACT_REACH, EXACT_REACH)
    np.testing.assert_allclose(found, np.exp(0.5 * cut), rtol=1e-12)
    np.testing.assert_array_equal(found[2:4], stats.lognorm(0.5).ppf(ndtr(z[2:4])))


@pytest.mark.parametrize("law", [*F_LAWS, stats.moyal(), stats.betaprime(5, 6)], ids=lambda law: law.dist.name)
def test_where_scipy_has_no_inverse_the_distribution_function_is_inverted(law: Any) -> None:
    quantile = marginal_law("law", law)[0].quantile()
    assert quantile is not None
    z = np.linspace(-8.4, 8.4, 50)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = quantile(z)
    assert (np.diff(found) > 0).all()
    np.testing.assert_allclose(law.sf(found[25:]), ndtr(-z[25:]), rtol=1e-9)
    np.testing.assert_allclose(law.cdf(found[:25]), ndtr(z[:25]), rtol=1e-9)


def test_refusals() -> None:
    class Own(stats.rv_continuous):
        pass

    discrete = r"`m\[0\]` is the discrete distribution 'poisson', and marginals must be continuous"
    with pytest.raises(ArgumentError, match=discrete):
        marginal_law("m[0]", stats.poisson(3.0))
    for own in (Own(name="norm")(), Own(name="mine")()):
        with pytest.raises(ArgumentError, match="one of scipy's own continuous distributions"):
            marginal_law("m", own)
    for given in (3.0, "norm", None, stats.norm, stats):
        with pytest.raises(ArgumentTypeError, match="must be a frozen distribution"):
            marginal_law("m", given)
    for bad in (stats.norm(0, -1), stats.norm(np.nan), stats.norm(0, np.inf), stats.gamma(-2.0)):
        with pytest.raises(ArgumentError, match="has parameters that no"):
            marginal_law("m", bad)
    with pytest.raises(ArgumentTypeError, match="must have numbers as parameters"):
        marginal_law("m", stats.norm([1.0, 2.0]))
