from pathlib import Path

import numpy as np
import pytest

import mvn_dask
from mvn_dask.errors import DamagedRecordError
from mvn_dask.provenance import environment
from mvn_dask.store.companions import WRITER, array_key, companion_fault, load_all, npy, write_companions, writer
from mvn_dask.store.specification import plan_record
from mvn_dask.store.targets.local import LocalTarget

ROWS = mvn_dask.MultivariateNormal([0.0, 1.0], [[2.0, 1.0], [1.0, 2.0]]).sample(100, seed=1)
RECORD, ARRAYS = plan_record(ROWS)


@pytest.mark.parametrize(
    "array", [np.arange(6.0).reshape(2, 3), np.ones(1, np.float32), np.empty(0), np.arange(6.0)[::2]]
)
def test_the_files_are_numpys(array: np.ndarray, tmp_path: Path) -> None:
    np.save(tmp_path / "theirs.npy", np.ascontiguousarray(array))
    LocalTarget(tmp_path).write("ours.npy", npy(array))
    assert (tmp_path / "ours.npy").read_bytes() == (tmp_path / "theirs.npy").read_bytes()


def test_what_is_written_comes_back(tmp_path: Path) -> None:
    target = LocalTarget(tmp_path)
    write_companions(target, RECORD, ARRAYS)
    for name, array in load_all(target, RECORD).items():
        np.testing.assert_array_equal(array, ARRAYS[name])
    assert writer(target) == environment()
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.*")}
    write_companions(target, RECORD, ARRAYS)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.*")} == times


@pytest.mark.parametrize(
    ("damage", "text"),
    [
        (lambda path: path.unlink(), "missing"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "wrong size|no array"),
        (lambda path: path.write_bytes(b""), "wrong size"),
        (lambda path: path.write_bytes(bytes(10_000)), "wrong size"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1] + b"x"), "other numbers than the record's digest"),
        (lambda path: (path.rename(path.with_suffix(".x")), path.symlink_to(path.with_suffix(".x"))), "a link"),
    ],
)
@pytest.mark.parametrize("name", ["mean", "factor"])
def test_a_damaged_array_is_noticed_and_written_anew(damage, text, name: str, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """Workers would draw other numbers with it."""
    target = LocalTarget(tmp_path)
    write_companions(target, RECORD, ARRAYS)
    damage(tmp_path / array_key(name))
    with pytest.raises(DamagedRecordError, match=f"{name}.npy of .* is damaged: ({text}).*: call mvn_dask.to_zarr"):
        load_all(target, RECORD)
    write_companions(target, RECORD, ARRAYS)
    assert companion_fault(target, RECORD, name) is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"numpy": "2"}'])
def test_where_a_store_was_begun_may_be_lost(content: bytes, tmp_path: Path) -> None:
    target = LocalTarget(tmp_path)
    assert writer(target) is None
    target.write(WRITER, [content])
    assert writer(target) is None
