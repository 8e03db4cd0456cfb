from pathlib import Path

import numpy as np
import pytest

import mvn_dask
from mvn_dask.environment import environment
from mvn_dask.errors import DamagedManifestError
from mvn_dask.store.array_manifest import manifest_of
from mvn_dask.store.format.parameters import load_parameters, npy, parameter_fault, parameter_key, write_parameters
from mvn_dask.store.format.writer_note import WriterNote, read_note
from mvn_dask.store.storage.base import MANIFEST_KEY
from mvn_dask.store.storage.local import LocalStorage

ROWS = mvn_dask.MultivariateNormal([0.0, 1.0], [[2.0, 1.0], [1.0, 2.0]]).sample(100, seed=1)
MANIFEST, ARRAYS = manifest_of(ROWS)


def begun(storage: LocalStorage) -> LocalStorage:
    storage.create(MANIFEST_KEY, MANIFEST.text)
    return storage


@pytest.mark.parametrize(
    "array", [np.arange(6.0).reshape(2, 3), np.ones(1, np.float32), np.empty(0), np.arange(6.0)[::2]]
)
def test_the_files_are_numpys(array: np.ndarray, tmp_path: Path) -> None:
    np.save(tmp_path / "theirs.npy", np.ascontiguousarray(array))
    LocalStorage(tmp_path).write("ours.npy", npy(array))
    assert (tmp_path / "ours.npy").read_bytes() == (tmp_path / "theirs.npy").read_bytes()


def test_what_is_written_comes_back(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    write_parameters(begun(storage), MANIFEST, ARRAYS, WriterNote(environment()))
    for name, array in load_parameters(storage, MANIFEST).items():
        np.testing.assert_array_equal(array, ARRAYS[name])
    assert read_note(storage) == WriterNote(environment())
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.*")}
    write_parameters(begun(storage), MANIFEST, ARRAYS, WriterNote(environment()))
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.*")} == times


@pytest.mark.parametrize(
    ("damage", "text"),
    [
        (lambda path: path.unlink(), "missing"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "wrong size|no array"),
        (lambda path: path.write_bytes(b""), "wrong size"),
        (lambda path: path.write_bytes(bytes(10_000)), "wrong size"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1] + b"x"), "other numbers than the manifest's digest"),
        (
            lambda path: (path.rename(path.with_suffix(".x")), path.symlink_to(path.with_suffix(".x"))),
            "a link, a pipe, a folder or the like",
        ),
    ],
)
@pytest.mark.parametrize("name", ["mean", "factor.matrix"])
def test_a_damaged_array_is_noticed_and_written_again(damage, text, name: str, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """Workers would draw other numbers with it."""
    storage = LocalStorage(tmp_path)
    write_parameters(begun(storage), MANIFEST, ARRAYS, WriterNote(environment()))
    damage(tmp_path / parameter_key(name))
    with pytest.raises(DamagedManifestError, match=f"{name}.npy of .* is damaged: ({text}).*: call mvn_dask.to_zarr"):
        load_parameters(storage, MANIFEST)
    write_parameters(begun(storage), MANIFEST, ARRAYS, WriterNote(environment()))
    assert parameter_fault(storage, MANIFEST, name) is None
