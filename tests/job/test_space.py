from pathlib import Path

import pytest

from mvn_dask.errors import StorageFullError
from mvn_dask.job.preparation import prepare
from mvn_dask.job.running import run
from mvn_dask.job.space import space_for
from mvn_dask.store.storage.local import LocalStorage
from tests.support.jobs import job_in

CHUNK = 100 * 2 * 8 + 4


def with_free(monkeypatch: pytest.MonkeyPatch, nbytes: int) -> None:
    monkeypatch.setattr(LocalStorage, "free_bytes", lambda _: nbytes)


def test_the_free_bytes_of_a_disk_are_those_above_a_folder_that_is_not_there(tmp_path: Path) -> None:
    free = LocalStorage(tmp_path / "a" / "b.zarr").free_bytes()
    assert free > 0
    assert not (tmp_path / "a").exists()


def test_what_is_missing_counts_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = job_in(tmp_path)
    prepared = prepare(job)
    parameters = sum(each.nbytes for each in prepared.manifest.parameters.values())
    assert space_for(prepared, 10, overwrite=False).needed_bytes == 10 * CHUNK + parameters
    run(job, (0, 2))
    assert space_for(prepare(job), 5, overwrite=False).needed_bytes == 5 * CHUNK
    # Room for the rest, although not for the whole.
    with_free(monkeypatch, 5 * CHUNK)
    assert run(job).drawn == 5


def test_a_run_without_room_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_free(monkeypatch, 10 * CHUNK - 1)
    with pytest.raises(StorageFullError, match=r"does not fit: 15\.7 KiB are missing in it, and 15\.7 KiB are free"):
        run(job_in(tmp_path))
    assert not list(tmp_path.iterdir())
    assert run(job_in(tmp_path), (0, 2)).drawn == 5, "a part has room"
    with_free(monkeypatch, 0)
    with pytest.raises(StorageFullError, match="use force=True"):
        run(job_in(tmp_path))
    assert run(job_in(tmp_path), force=True).complete
    assert run(job_in(tmp_path)).complete, "nothing is missing"


def test_what_is_overwritten_makes_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(job_in(tmp_path, sample={"seed": 1, "chunks": 100}))
    with_free(monkeypatch, CHUNK)
    assert run(job_in(tmp_path, output={"overwrite": True})).drawn == 10
    (tmp_path / "samples.zarr" / "samples" / "c" / "3" / "0").unlink()
    with_free(monkeypatch, CHUNK - 1)
    with pytest.raises(StorageFullError):
        run(job_in(tmp_path, output={"overwrite": True}))


def test_an_object_store_has_no_limit() -> None:
    prepared = prepare(job_in(Path(), output={"url": "memory://space"}))
    space = space_for(prepared, 10**9, overwrite=False)
    assert space.free_bytes is None
    assert space.fits
