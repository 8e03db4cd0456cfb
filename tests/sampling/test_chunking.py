from typing import Any

import dask
import numpy as np
import pytest

from mvn_dask.errors import ArgumentError, ArgumentTypeError
from mvn_dask.sampling.chunking import RowCost, as_request
from mvn_dask.sampling.workers import Workers

ROWS = RowCost(ndim=30, noise_ndim=30, itemsize=8, factor_bytes=7200)
ROOMY = Workers(memory=2**36, threads=4)


def block_rows(chunks: Any, size: tuple[int, ...], workers: Workers = ROOMY) -> int:
    (cut,) = as_request(chunks, size, ROWS, lambda: workers).cuts
    assert isinstance(cut, int)
    return cut


def test_auto_aims_at_dasks_chunk_size_in_whole_stripes() -> None:
    assert block_rows("auto", (10**8,)) == 2**27 // (2048 * 240) * 2048
    with dask.config.set({"array.chunk-size": "1 MiB"}):
        assert block_rows("auto", (10**8,)) == 2 * 2048
    assert block_rows("32 MiB", (10**8,)) == 2**25 // (2048 * 240) * 2048
    assert block_rows("auto", (100,)) == 100


def test_auto_leaves_room_for_the_tasks_of_every_thread() -> None:
    small = Workers(memory=2**27, threads=2)
    assert block_rows("auto", (10**8,), small) * 240 * 8 <= 2**27
    tiny = Workers(memory=2**10, threads=2)
    assert block_rows("auto", (10**8,), tiny) == 2048, "one stripe at least"


def test_rows_are_counted_along_the_flattened_sample() -> None:
    assert as_request(50, (10, 20), ROWS, lambda: ROOMY).cuts == (2, 20)
    assert as_request(np.int64(7), (10, 20), ROWS, lambda: ROOMY).cuts == (1, 7)
    assert as_request(-1, (10, 20), ROWS, lambda: ROOMY).cuts == (10, 20)
    assert as_request(-1, (), ROWS, lambda: ROOMY).cuts == ()


@pytest.mark.parametrize(
    ("chunks", "cuts"),
    [
        ((4,), (4,)),
        ((4, -1), (4,)),
        ([4, 30], (4,)),
        (((3, 7), 30), ((3, 7),)),
        ({0: 4}, (4,)),
        (("auto", -1), (10,)),
        ((-1, None), (10,)),
    ],
)
def test_chunks_of_every_axis(chunks: Any, cuts: Any) -> None:
    request = as_request(chunks, (10,), ROWS, lambda: ROOMY)
    assert request.cuts == cuts
    assert request.recut is None


def test_grids_that_no_task_can_draw_are_cut_afterwards() -> None:
    request = as_request((4, 10), (10,), ROWS, lambda: ROOMY)
    assert request.recut == ((4, 4, 2), (10, 10, 10))
    request = as_request((5, 5, 30), (10, 10), ROWS, lambda: ROOMY)
    assert request.recut == ((5, 5), (5, 5), (30,))
    assert as_request((1, 5, 30), (10, 10), ROWS, lambda: ROOMY).recut is None


@pytest.mark.parametrize(
    "chunks",
    [
        0,
        -2,
        "lots",
        "-1 MiB",
        "",
        (0,),
        (-3,),
        (3, 4, 5, 6),
        ((3, 3),),
        ((5, 5, -0.5),),
        {5: 2},
        {"x": 2},
        (2.5,),
    ],
)
def test_chunks_that_make_no_sense(chunks: Any) -> None:
    with pytest.raises(ArgumentError, match="`chunks` must"):
        as_request(chunks, (10,), ROWS, lambda: ROOMY)


@pytest.mark.parametrize("chunks", [2.5, None, True, object(), {1, 2}])
def test_chunks_of_another_kind(chunks: Any) -> None:
    with pytest.raises(ArgumentTypeError, match="`chunks` must be 'auto', a size in bytes"):
        as_request(chunks, (10,), ROWS, lambda: ROOMY)
