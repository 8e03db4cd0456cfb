import numpy as np
from numba import njit

from mvn_dask.compiled.intrinsics import pointer_to
from mvn_dask.compiled.llvm import LANES
from mvn_dask.compiled.normal_quantiles import far_quantile, set_bits, tail_vector
from mvn_dask.random.inverse_normal import FAR_ORIGIN, minus_log, normal_quantiles


def test_masks() -> None:
    places = set_bits().view(np.uint8).reshape(-1, LANES)
    for mask, found in enumerate(places.tolist()):
        which = [bit for bit in range(LANES) if mask >> bit & 1]
        assert found[: len(which)] == which


@njit
def tails(p, roots):  # type: ignore[no-untyped-def]
    values = pointer_to(p, 0)
    for index in range(0, len(p), LANES):
        tail_vector(values, pointer_to(roots, 0), index)
    for i in range(len(p)):
        if roots[i] > FAR_ORIGIN:
            p[i] = far_quantile(roots[i])


def test_tails_are_those_of_numpy() -> None:
    p = np.concatenate([2.0 ** -np.linspace(4, 53, 4000), np.random.default_rng(1).random(96) / 16])
    p = np.ceil(p * 2.0**53) / 2.0**53
    values, roots = p.copy(), np.empty(len(p))
    tails(values, roots)
    np.testing.assert_array_equal(roots, np.sqrt(minus_log(p)))
    np.testing.assert_array_equal(values, normal_quantiles(0.5 - p))
    assert (roots > FAR_ORIGIN).sum() > 1000
