import numpy as np

from mvn_dask.statistics.float_order import middle


def test_the_numbers_between_are_halved_until_there_are_none() -> None:
    rng = np.random.default_rng(0)
    numbers = [-np.inf, -1e300, -1.0, -5e-324, 0.0, 5e-324, 1e-300, 1.0, 1e300, np.inf, *rng.standard_normal(10)]
    for low, high in ((low, high) for low in numbers for high in numbers if low < high):
        least, steps = low, 0
        while (half := middle(least, high)) < high:
            assert least < half
            assert steps < 65
            least, steps = half, steps + 1
        with np.errstate(over="ignore"):
            assert np.nextafter(least, np.inf) >= high
