import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mvn_dask.errors import ArgumentError, ArgumentTypeError
from mvn_dask.store.shares import as_share


@given(st.integers(0, 10**6), st.integers(1, 10**4))
def test_shares_cover_all_chunks_once_and_are_even(count: int, parts: int) -> None:
    some = sorted({0, parts // 2, parts - 1})
    shares = {i: as_share((i, parts), count) for i in {*some, *(i + 1 for i in some if i + 1 < parts)}}
    assert shares[0][0] == 0
    assert shares[parts - 1][1] == count
    for i, (start, stop) in shares.items():
        assert 0 <= stop - start <= -(-count // parts)
        assert i + 1 not in shares or shares[i + 1][0] == stop


def test_no_part_is_everything() -> None:
    assert as_share(None, 7) == (0, 7)
    assert as_share((0, 1), 7) == (0, 7)
    assert as_share([np.int64(1), np.int64(2)], 7) == (3, 7)


@pytest.mark.parametrize("part", [1, "1/2", (1,), (1, 2, 3), (1.0, 2), (True, 2), (None, 2), {"i": 1}])
def test_what_is_no_pair_of_integers(part: object) -> None:
    with pytest.raises(ArgumentTypeError, match="must be a pair of integers"):
        as_share(part, 7)


@pytest.mark.parametrize("part", [(2, 2), (-1, 2), (0, 0), (0, -1), (5, 3)])
def test_what_is_no_share(part: tuple[int, int]) -> None:
    with pytest.raises(ArgumentError, match=r"0 <= i < n: it is \("):
        as_share(part, 7)
