import numpy as np
from scipy import stats

from mvn_dask.distribution.reference_laws import normal_laws


def test_they_are_those_of_normal_rows() -> None:
    laws = normal_laws(3)
    x = np.linspace(-4.0, 4.0, 9)
    np.testing.assert_allclose(laws.marginal_cdf(x), stats.norm.cdf(x))
    assert laws.radial_cdf is not None
    np.testing.assert_allclose(laws.radial_cdf(x), stats.chi(3).cdf(x))
    assert (laws.kurtosis_excess, laws.of_scores, laws.pairs_known) == (0.0, False, True)


def test_of_constants_nothing_is_known_of_lengths() -> None:
    assert normal_laws(0, of_scores=True).radial_cdf is None
