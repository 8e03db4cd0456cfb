"""Conditional covariances of variables with a precision, beside the formulas for whole matrices."""

import numpy as np
import pytest
import scipy.sparse

from mvn_dask.covariance import Banded, Dense, Precision, Sparse
from mvn_dask.covariance.conditioning import conditional
from mvn_dask.covariance.observations import Observations
from mvn_dask.errors import ArgumentError
from tests.support.conditionals import check_conditional

BANDS = Banded([np.linspace(2.0, 4.0, 12), np.full(12, -0.7), np.full(12, 0.3)], lower=True)
FORMS: list[Banded | Sparse | Dense] = [
    BANDS,
    Sparse(scipy.sparse.csc_array(BANDS.to_dense()), ordering="natural"),
    Dense(BANDS.to_dense()),
]


@pytest.mark.parametrize("noise", [None, 0.5, [0.1, 2.0, 30.0]])
@pytest.mark.parametrize("places", [[0, 1, 2], [11, 4, 7], [3, 5, 4]])
@pytest.mark.parametrize("form", FORMS, ids=lambda form: type(form).__name__)
def test_the_form_is_kept(form: Banded | Sparse | Dense, places: list[int], noise: object) -> None:
    left = check_conditional(Precision(form), Precision, places, noise)
    assert isinstance(left, Precision)
    assert type(left.precision) is type(form)
    if isinstance(left.precision, Sparse):
        assert left.precision.ordering == "natural"


@pytest.mark.parametrize("form", FORMS, ids=lambda form: type(form).__name__)
def test_independent_variables_are_left(form: Banded | Sparse | Dense) -> None:
    check_conditional(Precision(form), Precision, [0, 1, 3, 4, 6, 7, 9, 10])
    check_conditional(Precision(form), Precision, list(range(11)))


def test_errors_may_be_far_smaller_than_variances_and_not_zero() -> None:
    for form in FORMS:
        shift, left = conditional(Precision(form), Observations(np.array([4]), np.ones(1), np.array([1e-20]), None))
        np.testing.assert_allclose(shift[4], 1.0, rtol=1e-12)
        np.testing.assert_allclose(left.variances()[4], 1e-20, rtol=1e-12)
        with pytest.raises(ArgumentError, match="the `noise` of variable 4 is too small"):
            conditional(Precision(form), Observations(np.array([4]), np.ones(1), np.array([1e-320]), None))


def test_a_random_walk_between_two_observations_is_a_bridge() -> None:
    d = 10**5
    diagonal = np.full(d, 2.0)
    diagonal[-1] = 1.0
    walk = Precision(Banded([diagonal, np.full(d, -1.0)], lower=True))
    shift, left = conditional(walk, Observations(np.array([d - 1]), np.array([float(d)]), None, None))
    np.testing.assert_allclose(shift, np.arange(1.0, d), rtol=1e-6)
    steps = np.arange(1.0, d)
    np.testing.assert_allclose(left.variances(), steps * (d - steps) / d, rtol=1e-6)


def test_a_large_field_stays_sparse() -> None:
    line = scipy.sparse.diags_array([-1.0, 2.0, -1.0], offsets=[-1, 0, 1], shape=(30, 30))
    matrix = scipy.sparse.csc_array(scipy.sparse.kronsum(line, line) + 0.1 * scipy.sparse.eye_array(900))
    places = np.arange(0, 900, 7)
    values = np.random.default_rng(1).standard_normal(len(places))
    kept = np.setdiff1d(np.arange(900), places)
    shift, left = conditional(Precision(matrix), Observations(places, values, None, None))
    dense = matrix.toarray()[kept]
    expected = np.linalg.solve(dense[:, kept], -(dense[:, places] @ values))
    np.testing.assert_allclose(shift, expected, rtol=1e-9, atol=1e-12)
    assert isinstance(left, Precision)
    assert isinstance(left.precision, Sparse)
