import shutil
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest
from dask.base import persist
from distributed import Client
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import mvn_dask
from mvn_dask.covariance import StationaryGrid, matern
from mvn_dask.errors import ArgumentError, DamagedChunkError, DamagedManifestError, DerivedStoreError, NotAStoreError
from mvn_dask.statistics import Mean

NORMAL = mvn_dask.MultivariateNormal([0.0, 1.0, 2.0], [[2.0, 1.0, 0.0], [1.0, 2.0, 0.0], [0.0, 0.0, 1.0]])
FIELD = mvn_dask.MultivariateNormal(0.0, StationaryGrid(matern(length=0.5, nu=1.5), shape=(4, 6)))
T = mvn_dask.MultivariateT([0.0, 0.0], [[1.0, 0.8], [0.8, 1.0]], df=4)
COPULA = mvn_dask.GaussianCopula([[1.0, 0.8], [0.8, 1.0]], [stats.lognorm(0.5), stats.gamma(3.0)])

SAMPLES = {
    "rows": NORMAL.sample(1000, seed=1, chunks=130),
    "float32": NORMAL.sample(1000, seed=1, chunks=130, dtype="float32"),
    "two axes": NORMAL.sample((7, 60), seed=1, chunks=(2, 25, 3)),
    "one row": NORMAL.sample(None, seed=1),
    "field": FIELD.sample((5, 10), seed=1, chunks=(2, 10, 4, 6)),
    "t": T.sample(1000, seed=1, chunks=400),
    "copula": COPULA.sample(1000, seed=1, chunks=400),
    "points": NORMAL.sample(1024, seed=1, chunks=300, points="sobol"),
    "shards": NORMAL.sample(1000, seed=1, chunks=200, dtype="float32"),
}
SHARDS = {"shards": 50}


def chunk_files(folder: Path) -> list[Path]:
    return sorted(path for path in (folder / "samples").rglob("c*/**/*") if path.is_file())


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of every sample, by its name."""
    folder = tmp_path_factory.mktemp("finished")
    for name, array in SAMPLES.items():
        mvn_dask.to_zarr(array, folder / name, shards=SHARDS.get(name))
    return folder


@pytest.mark.parametrize("name", SAMPLES)
def test_a_store_of_no_chunk_at_all(name: str, finished: Path, tmp_path: Path) -> None:
    shutil.copytree(finished / name, tmp_path / name)
    shutil.rmtree(tmp_path / name / "samples")
    (tmp_path / name / "zarr.json").unlink()
    drawn, whole = mvn_dask.from_zarr(tmp_path / name, missing="draw"), mvn_dask.from_zarr(finished / name)
    assert (drawn.chunks, drawn.dtype, drawn.name[:10]) == (whole.chunks, whole.dtype, whole.name[:10])
    assert drawn.compute().tobytes() == whole.compute().tobytes()


@settings(max_examples=10)
@given(data=st.data())
def test_any_chunks_missing(data: st.DataObject, finished: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Equal in bits to the finished store, and nothing is written."""
    name = data.draw(st.sampled_from(sorted(SAMPLES)))
    folder = tmp_path_factory.mktemp("some") / name
    shutil.copytree(finished / name, folder)
    for path in data.draw(st.sets(st.sampled_from(chunk_files(folder)))):
        path.unlink()
    before = sorted(folder.rglob("*"))
    drawn = mvn_dask.from_zarr(folder, missing="draw").compute()
    assert drawn.tobytes() == mvn_dask.from_zarr(finished / name).compute().tobytes()
    assert sorted(folder.rglob("*")) == before


def test_a_finished_store_is_read_and_not_drawn(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def drawn(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("mvn_dask.maintenance.from_zarr.draw_chunk", drawn)
    np.testing.assert_array_equal(mvn_dask.from_zarr(finished / "rows", missing="draw"), SAMPLES["rows"])


def test_chunks_may_come_and_go_after_it_was_opened(tmp_path: Path) -> None:
    array = SAMPLES["rows"]
    mvn_dask.to_zarr(array, tmp_path, part=(0, 2))
    early = mvn_dask.from_zarr(tmp_path, missing="draw")
    mvn_dask.to_zarr(array, tmp_path, part=(1, 2))
    np.testing.assert_array_equal(early, array)
    chunk_files(tmp_path)[0].unlink()
    np.testing.assert_array_equal(early, array)


@pytest.mark.parametrize("damage", ["short", "long", "flipped"])
def test_a_damaged_chunk_stays_an_error(damage: str, finished: Path, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    shutil.copytree(finished / "rows", folder)
    chunk = chunk_files(folder)[2]
    content = bytearray(chunk.read_bytes())
    content[100] ^= 1
    chunk.write_bytes({"short": content[:-1], "long": content + b"x", "flipped": content}[damage])
    with pytest.raises(DamagedChunkError, match=r"chunk \(2, 0\) of .*mvn_dask.repair draws it again"):
        mvn_dask.from_zarr(folder, missing="draw").compute(scheduler="synchronous")


def test_what_cannot_be_drawn_is_refused(finished: Path, tmp_path: Path) -> None:
    mvn_dask.to_zarr(-SAMPLES["rows"].sum(axis=1), tmp_path / "losses")
    with pytest.raises(DerivedStoreError, match="derived from samples by"):
        mvn_dask.from_zarr(tmp_path / "losses", missing="draw")
    with pytest.raises(NotAStoreError):
        mvn_dask.from_zarr(tmp_path / "absent", missing="draw")
    shutil.copytree(finished / "rows", tmp_path / "store")
    next((tmp_path / "store").rglob("*factor*.npy")).unlink()
    with pytest.raises(DamagedManifestError, match="is damaged: missing"):
        mvn_dask.from_zarr(tmp_path / "store", missing="draw")


@pytest.mark.parametrize("word", ["drawn", "Draw", None, True, ["draw"]])
def test_other_words(word: Any, finished: Path) -> None:
    with pytest.raises(ArgumentError, match=r"`missing` must be 'raise' or 'draw': it is"):
        mvn_dask.from_zarr(finished / "rows", missing=word)


def test_in_other_processes(processes: Client, tmp_path: Path) -> None:
    array = SAMPLES["t"]
    mvn_dask.to_zarr(array, tmp_path, part=(0, 2))
    np.testing.assert_array_equal(mvn_dask.from_zarr(tmp_path, missing="draw"), array.compute(scheduler="sync"))


def test_what_is_made_of_it(tmp_path: Path) -> None:
    """Copies, names and estimates are those of the finished store."""
    array = SAMPLES["rows"]
    mvn_dask.to_zarr(array, tmp_path / "store", part=(0, 3))
    early = mvn_dask.from_zarr(tmp_path / "store", missing="draw")
    assert mvn_dask.estimate(early, Mean()) == mvn_dask.estimate(array, Mean())
    assert mvn_dask.to_xarray(early).dims == mvn_dask.to_xarray(array).dims
    mvn_dask.to_zarr(early, tmp_path / "copy")
    assert mvn_dask.verify(tmp_path / "copy", level="values", full=True).ok
    mvn_dask.to_zarr(array, tmp_path / "copy")  # the same specification


def test_a_small_store_for_a_large_sample(tmp_path: Path) -> None:
    """The record alone: no chunk of a petabyte, and none of 800 GB, of which any rows are drawn."""
    normal = mvn_dask.MultivariateNormal(np.zeros(10), 1.0)
    petabyte = normal.sample(125 * 10**11, seed=1, chunks=125 * 10**5)
    large = normal.sample(10**10, seed=1, chunks=10**6)
    for array, name in ((petabyte, "petabyte"), (large, "large")):
        mvn_dask.to_zarr(array, tmp_path / name, part=(0, 10**7))
        assert mvn_dask.status(tmp_path / name).done == 0
        assert sum(path.stat().st_size for path in (tmp_path / name).rglob("*") if path.is_file()) < 2500
    assert mvn_dask.from_zarr(tmp_path / "petabyte", missing="draw").nbytes == 10**15
    rows: da.Array = mvn_dask.from_zarr(tmp_path / "large", missing="draw")[-3:]
    np.testing.assert_array_equal(rows, large[-3:])


def test_a_sample_in_the_memory_of_a_cluster_is_the_sample(processes: Client, tmp_path: Path) -> None:
    """With its labels and its origin, so that its store can be extended."""
    normal = mvn_dask.MultivariateNormal([0.0, 1.0], [2.0, 3.0], names=["oil", "gas"])
    x = normal.sample(100, seed=1, chunks=30)
    expected = mvn_dask.to_xarray(x)
    for number, held in enumerate((x.persist(), persist(x)[0], processes.persist(x), expected.persist())):
        found = mvn_dask.to_xarray(held) if isinstance(held, da.Array) else held
        assert found.drop_attrs().identical(expected.drop_attrs())
        assert found.attrs == expected.attrs
        mvn_dask.to_zarr(held, tmp_path / str(number))
        assert mvn_dask.verify(tmp_path / str(number), level="values").ok
    assert mvn_dask.to_xarray(x.persist()[5:, ::-1]).identical(mvn_dask.to_xarray(x[5:, ::-1]))
    mvn_dask.extend(tmp_path / "0", 20)
    stored = mvn_dask.from_zarr(tmp_path / "0")
    assert mvn_dask.to_xarray(stored.persist()).identical(mvn_dask.to_xarray(stored))
    np.testing.assert_array_equal(stored.compute(), normal.sample(120, seed=1).compute())
