from itertools import product
from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mvn_dask.errors import ArgumentError, BlockTooLargeError
from mvn_dask.random.streams import Root
from mvn_dask.sampling.plan import Cut, Plan, as_cuts, contiguous, even_cuts
from tests.support.strategies import partitions

SIZES = st.lists(st.integers(0, 7), max_size=3).map(tuple)


def plan(size: tuple[int, ...], cuts: tuple[Cut, ...], d: int = 3) -> Plan:
    return Plan(size, d, d, "float64", Root(1), cuts)


def check_bounds(one: Plan) -> None:
    """Blocks, as a grid, hold exactly the rows that an array of row numbers has there."""
    numbers = np.arange(one.rows).reshape(one.size)
    for block in product(*(range(len(pieces)) for pieces in one.lengths)):
        window = []
        for axis, number in enumerate(block):
            start = sum(one.lengths[axis][:number])
            window.append(slice(start, start + one.lengths[axis][number]))
        expected = numbers[tuple(window)]
        assert one.block_size(block) == expected.shape
        start, stop = one.bounds(block)
        np.testing.assert_array_equal(np.arange(start, stop), expected.ravel())
        assert expected.size <= one.block_rows


@given(SIZES, st.integers(1, 400))
def test_even_cuts_cover_everything_in_order(size: tuple[int, ...], rows: int) -> None:
    one = plan(size, even_cuts(size, rows))
    assert contiguous(one.lengths)
    assert tuple(map(sum, one.lengths)) == size
    assert one.block_rows <= rows
    check_bounds(one)


@given(st.data())
@settings(max_examples=60)
def test_any_contiguous_grid(data: st.DataObject) -> None:
    size = data.draw(st.lists(st.integers(1, 12), min_size=1, max_size=3).map(tuple))
    lengths = [data.draw(partitions(length)) for length in size]
    if contiguous(lengths):
        one = plan(size, as_cuts(lengths))
        assert one.lengths == tuple(lengths)
        assert one.block_rows == max(prod(block) for block in product(*lengths))
        check_bounds(one)


@given(st.data())
def test_contiguous_is_what_brute_force_finds(data: st.DataObject) -> None:
    size = data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=3).map(tuple))
    lengths = [data.draw(partitions(length)) for length in size]
    numbers = np.arange(prod(size)).reshape(size)
    edges = [np.cumsum([0, *pieces]) for pieces in lengths]
    blocks = [
        numbers[tuple(slice(edge[i], edge[i + 1]) for edge, i in zip(edges, block, strict=True))].ravel()
        for block in product(*(range(len(pieces)) for pieces in lengths))
    ]
    assert contiguous(lengths) == all((np.diff(block) == 1).all() for block in blocks)


@pytest.mark.parametrize(
    ("lengths", "cuts"),
    [
        ([(4, 4, 2)], (4,)),
        ([(4, 4, 4)], (4,)),
        ([(2, 4)], ((2, 4),)),
        ([(4, 2, 4)], ((4, 2, 4),)),
        ([(0,)], (1,)),
        ([(0,), (3,)], (1, 3)),
    ],
)
def test_even_grids_have_a_short_spelling(lengths: list[tuple[int, ...]], cuts: tuple[Cut, ...]) -> None:
    assert as_cuts(lengths) == cuts
    size = tuple(map(sum, lengths))
    assert plan(size, cuts).lengths == tuple(lengths)


def test_blocks_of_a_target_size_are_whole_stripes() -> None:
    one = plan((1,), (1,), d=30)
    rows = one.rows_within(2**27)
    assert rows % 2048 == 0
    assert rows * 30 * 8 <= 2**27 < (rows + 2048) * 30 * 8
    assert one.rows_within(1) == 2048, "at least one stripe"


def test_a_block_too_large_is_refused_with_a_way_out() -> None:
    one = plan((10**6,), (10**6,), d=1000)
    with pytest.raises(BlockTooLargeError) as caught:
        one.refuse_too_large(factor_bytes=8 * 10**6, memory=10**9)
    needed = 8 * (10**6 * 1000 + (one.noise_stripes + 3) * 128 * 1000) + 8 * 10**6
    assert one.noise_stripes == 8
    assert f"needs {needed} bytes, and a process has 1000000000 bytes" in str(caught.value)
    rows = int(str(caught.value).split("chunks=")[1].split()[0])
    plan((10**6,), (rows,), d=1000).refuse_too_large(8 * 10**6, 10**9)
    with pytest.raises(BlockTooLargeError):
        plan((10**6,), (rows + 128,), d=1000).refuse_too_large(8 * 10**6, 10**9)


def test_a_dimension_too_large_is_refused() -> None:
    with pytest.raises(BlockTooLargeError, match="not even a block of one row would fit"):
        plan((10,), (10,), d=10**6).refuse_too_large(10**12, 10**9)


def test_too_many_blocks_are_refused_without_counting_them() -> None:
    with pytest.raises(ArgumentError, match="makes 1000000000000000000 blocks"):
        plan((10**18,), (1,)).refuse_too_many()


def test_the_layout_is_no_part_of_the_record() -> None:
    assert plan((10,), (5,)).record() == plan((10,), ((3, 7),)).record()
    cuts: list[tuple[Cut, ...]] = [(5,), (4,), ((3, 7),), ((4, 6),)]
    layouts = {plan((10,), cut).layout() for cut in cuts}
    assert len(layouts) == 4


@pytest.mark.parametrize(
    ("size", "cuts"),
    [
        ((100,), (7,)),
        ((100,), (100,)),
        ((0,), (5,)),
        ((), ()),
        ((100,), ((10, 50, 40),)),
        ((6, 50), (1, 8)),
        ((6, 50), (1, (7, 43))),
        ((5, 4, 10), (1, 3, 10)),
    ],
)
def test_rows_that_blocks_draw_are_counted(size: tuple[int, ...], cuts: tuple[Cut, ...]) -> None:
    """A block draws each stripe that it touches, here of 16 rows, from its first row on."""
    one = plan(size, cuts, d=2**19)
    assert one.stripe == 16
    blocks = [one.bounds(block) for block in np.ndindex(*map(len, one.lengths))]
    assert one.block_count == len(blocks) or not one.rows
    assert one.drawn_rows == sum(stop - start // 16 * 16 for start, stop in blocks if stop > start)


def test_blocks_far_below_a_stripe_waste_drawing() -> None:
    assert plan((10**6,), (50,), d=2).drawn_rows / 10**6 == pytest.approx(328, rel=0.01)
    assert plan((10**6,), (50,), d=2).wastes_drawing()
    assert not plan((10**6,), (4000,), d=2).wastes_drawing(), "five times as many"
    assert not plan((10**4,), (50,), d=2).wastes_drawing(), "a hundred times as many, in milliseconds"
