from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mvn_dask
from mvn_dask.errors import ArgumentError, ArgumentTypeError
from mvn_dask.store.format.layout import part_range
from mvn_dask.store.part_progress import ACTIVE_SECONDS, MAX_PARTS, PartProgress, progress_of_parts
from tests.support.damage import named


@given(st.data(), st.integers(1, 12), st.integers(0, 30))
@settings(max_examples=60)
def test_each_part_has_the_chunks_that_it_writes(data: st.DataObject, parts: int, chunks: int) -> None:
    """Also of more parts than chunks, some of which have none."""
    there = sorted(data.draw(st.sets(st.integers(0, chunks - 1)))) if chunks else []
    times = [float(data.draw(st.integers(0, 99))) for _ in there]
    found = progress_of_parts(parts, chunks, np.array(there, np.int64), np.array(times, np.float64))
    assert [each.part for each in found] == [(i, parts) for i in range(parts)]
    for each in found:
        start, stop = part_range(each.part, chunks)
        own = [time for number, time in zip(there, times, strict=True) if start <= number < stop]
        assert (each.done, each.done + each.missing) == (len(own), stop - start)
        assert each.last_written == max(own, default=None)


def test_states() -> None:
    begun = PartProgress((0, 2), 1, 3, 1000.0)
    assert begun.state(1000.0 + ACTIVE_SECONDS / 2) == "active"
    assert begun.state(900.0) == "active"  # the clock of the storage is ahead
    assert begun.state(1000.0 + ACTIVE_SECONDS) == "silent"
    assert PartProgress((0, 2), 0, 3, None).state(0.0) == "not begun"
    assert PartProgress((0, 2), 3, 0, 5.0).state(1e9) == PartProgress((3, 9), 0, 0, None).state(0.0) == "complete"


@pytest.mark.parametrize("storage", ["folder", "memory"])
def test_of_a_store(storage: str, tmp_path: Path) -> None:
    url = str(tmp_path / "store") if storage == "folder" else "memory://parts-of-a-store"
    mvn_dask.to_zarr(named(), url, part=(1, 4))
    status = mvn_dask.status(url, parts=4)
    assert [each.done for each in status.parts] == [0, 1, 0, 0]
    assert status.parts[1].last_written == status.last_written
    assert str(status).endswith("\nparts: 1 of 4 complete, 0 begun")
    assert mvn_dask.status(url, parts=2).parts[0] == PartProgress((0, 2), 1, 1, status.last_written)
    assert mvn_dask.status(url).parts == ()


def test_numbers_of_parts_that_cannot_be(tmp_path: Path) -> None:
    for parts, rule in ((0, "at least 1: it is 0"), (-1, "not be negative"), (MAX_PARTS + 1, f"at most {MAX_PARTS}")):
        with pytest.raises(ArgumentError, match=rule):
            mvn_dask.status(tmp_path, parts=parts)
    with pytest.raises(ArgumentTypeError, match="`parts` must be an integer, not 'auto'"):
        mvn_dask.status(tmp_path, parts="auto")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="`part` is one part, and `parts` is all of them"):
        mvn_dask.status(tmp_path, part=(0, 2), parts=2)
