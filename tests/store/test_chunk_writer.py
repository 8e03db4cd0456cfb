import threading
import time
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest
from distributed import Client

import mvn_dask
from mvn_dask.errors import AlignmentError, StoreError
from mvn_dask.execution.blocks import Blocks
from mvn_dask.store.array_manifest import manifest_of
from mvn_dask.store.chunk_writer import ChunkWriter, WriteChunks
from mvn_dask.store.format.chunk_listing import missing_numbers
from mvn_dask.store.format.manifest import Manifest
from mvn_dask.store.storage.base import MANIFEST_KEY, Storage
from mvn_dask.store.storage.local import LocalStorage
from mvn_dask.store.storage.object import MemoryStorage
from mvn_dask.store.writing import remove

NORMAL = mvn_dask.MultivariateNormal([0.0, 1.0], [[2.0, 1.0], [1.0, 2.0]])
ROWS = NORMAL.sample(100, seed=1, chunks=30)


def begun(storage: Storage) -> tuple[ChunkWriter, Manifest]:
    manifest, _ = manifest_of(ROWS)
    with storage.session():
        storage.create(MANIFEST_KEY, manifest.text)
    return ChunkWriter(storage, manifest), manifest


def test_what_is_there_is_drawn_only_to_be_rewritten(tmp_path: Path) -> None:
    chunks, manifest = begun(LocalStorage(tmp_path))
    work = WriteChunks(Blocks(ROWS), chunks)
    work(np.array([0, 3]))
    assert missing_numbers(chunks.storage, manifest, 0, 4).tolist() == [1, 2]
    assert work.remaining(np.arange(4)).tolist() == [1, 2]
    path = tmp_path / "samples" / "c" / "0" / "0"
    path.write_bytes(bytes(path.stat().st_size))
    work(np.arange(4))
    assert not any(path.read_bytes()), "it was there"
    again = WriteChunks(Blocks(ROWS), replace(chunks, rewrite=True))
    assert again.remaining(np.arange(4)).tolist() == [0, 1, 2, 3]
    again(np.arange(1))
    assert any(path.read_bytes())


@pytest.mark.parametrize("derived", [False, True])
def test_a_range_holds_one_block_at_a_time(derived: bool, tmp_path: Path) -> None:
    """The first is free before the second is drawn, and nothing is copied on the way to the disk."""
    rows = NORMAL.sample(4 * 2**17, seed=1, chunks=2**17)
    array = da.map_blocks(np.negative, rows, dtype=rows.dtype) if derived else rows
    manifest, _ = manifest_of(array)
    storage = LocalStorage(tmp_path)
    with storage.session():
        storage.create(MANIFEST_KEY, manifest.text)
    work = WriteChunks(Blocks(array), ChunkWriter(storage, manifest, rewrite=True))
    work(np.arange(1))
    tracemalloc.start()
    try:
        work(np.arange(4))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # The rows, and what is derived from them; beside them a stripe or two of normals.
    assert peak < (1 + derived + 0.6) * 2**21


def test_a_chunk_goes_only_into_the_store_it_was_made_for(tmp_path: Path) -> None:
    chunks, manifest = begun(LocalStorage(tmp_path))
    with pytest.raises(AlignmentError, match=r"block \(0, 0\) has the shape \(29, 2\)"):
        chunks.write((0, 0), np.zeros((29, 2)))
    other = ChunkWriter(chunks.storage, manifest_of(NORMAL.sample(100, seed=2, chunks=30))[0])
    with pytest.raises(StoreError, match="was overwritten while"):
        other.write((0, 0), np.zeros((30, 2)))
    assert len(missing_numbers(chunks.storage, manifest, 0, 4)) == 4


@pytest.mark.parametrize("change", [lambda x: x - x.mean(axis=0), lambda x: x.rechunk((15, 2))])
def test_arrays_whose_blocks_share_work(change: Any, processes: Client, tmp_path: Path) -> None:
    mvn_dask.to_zarr(change(ROWS), tmp_path)
    np.testing.assert_allclose(mvn_dask.from_zarr(tmp_path).compute(), change(ROWS).compute(), rtol=1e-14)
    (tmp_path / "samples" / "c" / "1" / "0").unlink()
    mvn_dask.to_zarr(change(ROWS), tmp_path)
    assert mvn_dask.verify(tmp_path, level="checksum").ok


def test_a_few_blocks_of_many_are_made_by_all_threads(tmp_path: Path) -> None:
    seen: set[int] = set()

    def look(rows: Any) -> Any:
        seen.add(threading.get_ident())
        time.sleep(0.01)
        return rows

    with dask.config.set(scheduler="threads", num_workers=4):
        mvn_dask.to_zarr(da.map_blocks(look, NORMAL.sample(800, seed=1, chunks=10), dtype="f8").sum(axis=0), tmp_path)
    assert len(seen) > 1


def test_a_chunk_does_not_arrive_after_an_overwrite_where_nothing_is_locked() -> None:
    """Missing it is noticed; of the right size, and wrong, it would not be."""
    chunks, manifest = begun(MemoryStorage("late"))
    other, _ = manifest_of(NORMAL.sample(100, seed=2, chunks=30))

    class Late(MemoryStorage):
        def put_over(self, key: str, buffers: Any, version: Any) -> Any:
            with chunks.storage.session() as overwriting:  # the other job begins while this chunk is on its way
                assert overwriting.try_exclusive()
                remove(overwriting, chunks.storage)
                overwriting.replace(MANIFEST_KEY, [other.text])
            return super().put_over(key, buffers, version)

    late = ChunkWriter(Late("late"), manifest)
    with pytest.raises(StoreError, match="was overwritten while a job was writing"):
        late.write((0, 0), np.zeros((30, 2)))
    assert [entry.key for entry in late.storage.entries()] == [MANIFEST_KEY]


def test_a_chunk_that_another_job_has_written_is_compared() -> None:
    chunks, _ = begun(MemoryStorage("compared"))
    block, other = np.zeros((30, 2)), np.ones((30, 2))
    chunks.write((0, 0), block)
    before = chunks.storage.read("samples/c/0/0").tobytes()
    chunks.write((0, 0), block)
    with pytest.raises(StoreError, match="samples/c/0/0 of memory://compared holds other bytes than were drawn now"):
        chunks.write((0, 0), other)
    assert chunks.storage.read("samples/c/0/0").tobytes() == before
    replace(chunks, rewrite=True).write((0, 0), other)
    assert chunks.storage.read("samples/c/0/0").tobytes() != before
    chunks.storage.write("samples/c/0/0", [before[:-1]])
    chunks.write((0, 0), block)
    assert chunks.storage.read("samples/c/0/0").tobytes() == before, "one of another size is missing"


def test_workers_read_the_factor_from_the_store(processes: Client, tmp_path: Path) -> None:
    """And not from the spool, which another machine might not see."""
    normal = mvn_dask.MultivariateNormal(np.zeros(1100), np.eye(1100) + 0.5, method="cholesky")

    def mapped() -> list[str]:
        return [line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines() if ".npy" in line]

    mvn_dask.to_zarr(normal.sample(2000, seed=1, chunks=128), tmp_path)
    files = {name for names in processes.run(mapped).values() for name in names}
    assert files == {
        str(tmp_path / ".mvn_dask" / "parameters" / f"{name}.npy") for name in ("factor.matrix", "mean", "variances")
    }
