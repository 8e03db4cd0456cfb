import numpy as np

from mvn_dask.reporting.prints import KEPT, Prints


def block(seed: int, rows: int = 100, columns: int = 3) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.random.default_rng(seed).standard_normal((rows, columns))


def test_equal_blocks_are_found_whatever_the_order() -> None:
    orders = ([0, 1, 2, 3], [3, 1, 0, 2])
    for order in orders:
        whole = Prints()
        for number in order:
            part = Prints()
            part.add(number, 0, block(min(number, 2)))
            whole.merge(part)
        assert whole.repeated == [(2, 2, 3)]


def test_blocks_of_other_variables_may_be_equal() -> None:
    prints = Prints()
    prints.add(0, 0, block(1))
    prints.add(1, 3, block(1))
    assert prints.repeated == []


def test_few_numbers_prove_nothing() -> None:
    prints = Prints()
    prints.add(0, 0, block(1, 1))
    prints.add(1, 0, block(1, 1))
    prints.add(2, 0, np.ones((100, 100)))
    prints.add(3, 0, np.ones((100, 100)))
    assert prints.seen == {}


def test_wide_rows_are_not_read_whole() -> None:
    prints = Prints()
    prints.add(0, 0, block(1, 2, 10**5))
    prints.add(1, 0, block(1, 2, 10**5))
    assert prints.repeated == [(2, 0, 1)]


def test_at_most_so_many_are_kept_and_equal_ones_together() -> None:
    """Of twice as many prints as are kept, each twice, half are kept, and all of these twice."""
    one, other = Prints(), Prints()
    keys = np.random.default_rng(0).integers(0, 2**63, 2 * KEPT).tolist()
    for number, key in enumerate(keys):
        (one if number % 2 else other).seen[key] = (2, number, number + 1)
    one.merge(other)
    assert len(one.seen) == KEPT == len(one.repeated)
    assert max(one.seen) <= np.sort(keys)[KEPT]
