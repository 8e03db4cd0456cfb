from pathlib import Path

import numpy as np
import pytest
import zarr

import mvn_dask
from mvn_dask.store.removal import remove, unknown_files
from mvn_dask.store.storage.local import LocalStorage


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def unknown(folder: Path) -> list[str]:
    return sorted(unknown_files(LocalStorage(folder)))


def write(folder: Path) -> None:
    mvn_dask.to_zarr(mvn_dask.MultivariateNormal([0.0], 1.0).sample(10, seed=1), folder)


def test_of_a_store_only_the_locks_stay(tmp_path: Path) -> None:
    write(tmp_path)
    assert unknown(tmp_path) == []
    remove(LocalStorage(tmp_path))
    assert names(tmp_path) == [".mvn_dask", ".mvn_dask/create-lock", ".mvn_dask/lock"]


@pytest.mark.parametrize("version", [2, 3])
def test_other_hierarchies_are_known_whole(version: int, tmp_path: Path) -> None:
    array = zarr.create_array(tmp_path / "array", shape=(4, 4), chunks=(2, 2), dtype="f8", zarr_format=version)  # type: ignore[arg-type]
    array[:] = np.ones((4, 4))
    group = zarr.create_group(tmp_path / "group", zarr_format=version)  # type: ignore[arg-type]
    group.create_array("inner", shape=(4,), chunks=(2,), dtype="f8")[:] = 1.0
    for folder in (tmp_path / "array", tmp_path / "group"):
        assert unknown(folder) == []
        (folder / "notes.txt").touch()
        (folder / "src").mkdir()
        (folder / "src" / "main.c").touch()
        assert unknown(folder) == ["notes.txt", "src/main.c"]


def test_unknown_files_inside_arrays_are_found(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "samples" / "thesis.tex").touch()
    assert unknown(tmp_path) == ["samples/thesis.tex"]


def test_a_folder_of_stores_is_no_store(tmp_path: Path) -> None:
    write(tmp_path / "a.zarr")
    assert "a.zarr/zarr.json" in unknown(tmp_path)
    zarr.open(tmp_path)
    assert "a.zarr/.mvn_dask/manifest.json" in unknown(tmp_path), "nor is it under a group: that store is another's"


def test_a_folder_without_documents_is_all_unknown(tmp_path: Path) -> None:
    for name in ("c", "0", "samples"):
        (tmp_path / name).touch()
    assert unknown(tmp_path) == ["0", "c", "samples"]
