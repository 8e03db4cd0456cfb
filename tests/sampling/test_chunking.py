from typing import Any

import dask
import numpy as np
import pytest

from mvn_dask.errors import ArgumentError, ArgumentTypeError
from mvn_dask.random.streams import Root
from mvn_dask.sampling.chunking import ChunkLengths, cut_plan
from mvn_dask.sampling.plan import Cut, Plan
from mvn_dask.sampling.workers import Workers

ROOMY = Workers(memory=2**36, threads=4)


@pytest.fixture(autouse=True)
def roomy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mvn_dask.sampling.chunking.workers", lambda: ROOMY)


def request(chunks: Any, size: tuple[int, ...]) -> tuple[tuple[Cut, ...], ChunkLengths | None]:
    plan, recut = cut_plan(Plan.uncut(size, 30, 30, "float64", Root(1)), (30,), chunks, 7200)
    return plan.cuts, recut


def block_rows(chunks: object, size: tuple[int, ...]) -> int:
    (cut,) = request(chunks, size)[0]
    assert isinstance(cut, int)
    return cut


def test_auto_aims_at_dasks_chunk_size_in_whole_stripes() -> None:
    assert block_rows("auto", (10**8,)) == 2**27 // (2048 * 240) * 2048
    with dask.config.set({"array.chunk-size": "1 MiB"}):
        assert block_rows("auto", (10**8,)) == 2 * 2048
    assert block_rows("32 MiB", (10**8,)) == 2**25 // (2048 * 240) * 2048
    assert block_rows("auto", (100,)) == 100


def test_auto_leaves_room_for_the_tasks_of_every_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mvn_dask.sampling.chunking.workers", lambda: Workers(memory=2**27, threads=2))
    assert block_rows("auto", (10**8,)) * 240 * 8 <= 2**27
    monkeypatch.setattr("mvn_dask.sampling.chunking.workers", lambda: Workers(memory=2**10, threads=2))
    assert block_rows("auto", (10**8,)) == 2048, "one stripe at least"


def test_rows_are_counted_along_the_flattened_sample() -> None:
    assert request(50, (10, 20)) == ((2, 20), None)
    assert request(np.int64(7), (10, 20)) == ((1, 7), None)
    assert request(-1, (10, 20)) == ((10, 20), None)
    assert request(-1, ()) == ((), None)


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
    assert request(chunks, (10,)) == (cuts, None)


def test_grids_that_no_task_can_draw_are_cut_afterwards() -> None:
    assert request((4, 10), (10,)) == ((10,), ((4, 4, 2), (10, 10, 10)))
    assert request((5, 5, 30), (10, 10)) == ((10, 10), ((5, 5), (5, 5), (30,)))
    assert request((1, 5, 30), (10, 10)) == ((1, 5), None)


@pytest.mark.parametrize(
    "chunks",
    [0, -2, "lots", "-1 MiB", "", (0,), (-3,), (3, 4, 5, 6), ((3, 3),), ((5, 5, -0.5),), {5: 2}, {"x": 2}, (2.5,)],
)
def test_chunks_that_make_no_sense(chunks: Any) -> None:
    with pytest.raises(ArgumentError, match="`chunks` must"):
        request(chunks, (10,))


@pytest.mark.parametrize("chunks", [2.5, None, True, object(), {1, 2}])
def test_chunks_of_another_kind(chunks: Any) -> None:
    with pytest.raises(ArgumentTypeError, match="`chunks` must be 'auto', a size in bytes"):
        request(chunks, (10,))
