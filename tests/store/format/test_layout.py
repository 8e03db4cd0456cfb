import json
import warnings
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pandas as pd
import pytest
import xarray as xr
import zarr
from hypothesis import given
from hypothesis import strategies as st

import mvn_dask
from mvn_dask.errors import ArgumentError, ArgumentTypeError
from mvn_dask.readable import short_repr
from mvn_dask.store.format.layout import chunk_count, chunk_index, chunk_number, grid, part_range
from mvn_dask.store.format.manifest import require_manifest
from mvn_dask.store.storage.addressing import open_storage
from tests.support.damage import flip

FRAME = pd.DataFrame([[2.0, 1.0], [1.0, 2.0]], index=["oil", "gas"], columns=["oil", "gas"])


def write(folder: Path, cov: Any = FRAME, **options: Any) -> da.Array:
    rows: da.Array = mvn_dask.MultivariateNormal([0, 1], cov).sample(
        **{"size": 100, "seed": 1, "chunks": 40, **options}
    )
    mvn_dask.to_zarr(rows, folder)
    return rows


def test_plain_zarr_reads_it(tmp_path: Path) -> None:
    rows = write(tmp_path)
    array = zarr.open_group(tmp_path, mode="r")["samples"]
    assert isinstance(array, zarr.Array)
    np.testing.assert_array_equal(array[:], rows)
    assert array.metadata.zarr_format == 3
    assert array.metadata.dimension_names == ("sample", "variable")
    assert np.isnan(array.fill_value)
    assert array.compressors == (zarr.codecs.Crc32cCodec(),)
    assert array.nchunks_initialized == array.nchunks == 3


@pytest.mark.parametrize("dtype", ["f8", "f4", ">f8", "i2", "?", "c16", "u8"])
def test_chunks_are_what_zarr_itself_writes(dtype: str, tmp_path: Path) -> None:
    numbers = np.random.default_rng(0).integers(-9, 9, (7, 5, 3)).astype(dtype)
    array = da.from_array(numbers, chunks=(3, 2, -1))
    mvn_dask.to_zarr(array, tmp_path / "ours")
    ours = zarr.open_array(tmp_path / "ours" / "samples", mode="r")
    theirs = zarr.create_array(
        tmp_path / "theirs", shape=(7, 5, 3), chunks=(3, 2, 3), dtype=ours.dtype, fill_value=ours.fill_value,
        compressors=[zarr.codecs.Crc32cCodec()], filters=None, config={"write_empty_chunks": True},
    )  # fmt: skip
    theirs[:] = numbers
    chunks = [
        path.relative_to(tmp_path / "theirs") for path in (tmp_path / "theirs" / "c").rglob("*") if path.is_file()
    ]
    assert len(chunks) == 9
    for chunk in chunks:
        ours_bytes = (tmp_path / "ours" / "samples" / chunk).read_bytes()
        assert ours_bytes == (tmp_path / "theirs" / chunk).read_bytes(), chunk


def test_plain_dask_reads_it(tmp_path: Path) -> None:
    rows = write(tmp_path)
    plain = da.from_zarr(tmp_path, component="samples")
    assert plain.chunks == rows.chunks
    np.testing.assert_array_equal(plain, rows)


def test_plain_xarray_reads_it_with_names(tmp_path: Path) -> None:
    rows = write(tmp_path)
    with xr.open_zarr(tmp_path) as dataset:
        assert dataset["samples"].dims == ("sample", "variable")
        assert list(dataset["variable"].values) == ["oil", "gas"]
        np.testing.assert_array_equal(dataset["samples"].sel(variable="gas"), rows[:, 1])


def test_without_names_there_is_no_coordinate(tmp_path: Path) -> None:
    write(tmp_path, FRAME.to_numpy())
    with xr.open_zarr(tmp_path) as dataset:
        assert not dataset.coords


@pytest.mark.parametrize(
    ("size", "dimensions"),
    [(None, ("variable",)), (0, ("sample", "variable")), ((2, 3), ("sample_0", "sample_1", "variable"))],
)
def test_other_shapes(size: Any, dimensions: tuple[str, ...], tmp_path: Path) -> None:
    rows = write(tmp_path, size=size, chunks="auto")
    with xr.open_zarr(tmp_path) as dataset:
        assert dataset["samples"].dims == dimensions
        np.testing.assert_array_equal(dataset["samples"], rows)


def test_chunks_of_nothing_but_the_fill_value_exist(tmp_path: Path) -> None:
    zeros = write(tmp_path / "zeros", np.zeros((2, 2)))
    mvn_dask.to_zarr((0 * zeros).astype("i4"), tmp_path / "integers")
    mvn_dask.to_zarr(zeros * np.nan, tmp_path / "nan")
    for store in ("zeros", "integers", "nan"):
        assert [(tmp_path / store / "samples" / "c" / str(i) / "0").is_file() for i in range(3)] == [True] * 3


@pytest.mark.parametrize("dtype", ["i4", "?", "u8", "c16", "f4"])
def test_derived_arrays_of_every_kind_of_number(dtype: str, tmp_path: Path) -> None:
    rows = mvn_dask.MultivariateNormal([0.0, 1.0], 1.0).sample(100, seed=1, chunks=40)
    other = (10 * rows[:, 0]).astype(dtype)
    mvn_dask.to_zarr(other, tmp_path)
    stored = mvn_dask.from_zarr(tmp_path)
    assert stored.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(stored, other)


def test_a_flipped_bit_does_not_pass_unnoticed(tmp_path: Path) -> None:
    write(tmp_path)
    flip(tmp_path / "samples" / "c" / "1" / "0", 100)
    with pytest.raises(ValueError, match=r"checksum differs: mvn_dask.repair"):
        mvn_dask.from_zarr(tmp_path).compute()


def test_consolidated_metadata_is_zarrs(tmp_path: Path) -> None:
    write(tmp_path)
    ours = json.loads((tmp_path / "zarr.json").read_bytes())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of consolidated metadata, and of our hidden folder
        zarr.consolidate_metadata(tmp_path)
    assert json.loads((tmp_path / "zarr.json").read_bytes()) == ours


def test_the_users_zarr_format_does_not_matter(tmp_path: Path) -> None:
    with zarr.config.set({"default_zarr_format": 2}):
        write(tmp_path)
    assert mvn_dask.from_zarr(tmp_path).shape == (100, 2)


@given(st.integers(0, 10**6), st.integers(1, 10**4))
def test_parts_cover_all_chunks_once_and_are_even(count: int, parts: int) -> None:
    some = sorted({0, parts // 2, parts - 1})
    ranges = {i: part_range((i, parts), count) for i in {*some, *(i + 1 for i in some if i + 1 < parts)}}
    assert ranges[0][0] == 0
    assert ranges[parts - 1][1] == count
    for i, (start, stop) in ranges.items():
        assert 0 <= stop - start <= -(-count // parts)
        assert i + 1 not in ranges or ranges[i + 1][0] == stop


def test_no_part_is_everything() -> None:
    assert part_range(None, 7) == (0, 7)
    assert part_range((0, 1), 7) == (0, 7)
    assert part_range([np.int64(1), np.int64(2)], 7) == (3, 7)


@pytest.mark.parametrize("part", [1, "1/2", (1,), (1, 2, 3), (1.0, 2), (True, 2), (None, 2), {"i": 1}])
def test_what_is_no_pair_of_integers(part: object) -> None:
    with pytest.raises(ArgumentTypeError, match="must be a pair of integers"):
        part_range(part, 7)


@pytest.mark.parametrize("part", [(2, 2), (-1, 2), (0, 0), (0, -1), (5, 3), (0, 2**63), (0, 10**5000)], ids=short_repr)
def test_what_is_no_part(part: tuple[int, int]) -> None:
    with pytest.raises(ArgumentError, match=r"0 <= i < n < 2\*\*63: it is \("):
        part_range(part, 7)


def test_arrays_of_as_many_axes_as_numpy_has(tmp_path: Path) -> None:
    rows = write(tmp_path, size=[1] * 62 + [2], chunks=(*[1] * 63, 2))
    assert rows.ndim == 64
    np.testing.assert_array_equal(mvn_dask.from_zarr(tmp_path).compute(), rows.compute())
    assert mvn_dask.verify(tmp_path, level="values").ok
    (tmp_path / "samples" / "c" / "/".join(["0"] * 64)).unlink()
    assert mvn_dask.repair(tmp_path).chunks == ((0,) * 64,)


def test_numbers_of_chunks(tmp_path: Path) -> None:
    write(tmp_path, size=(3, 4), chunks=(2, 3, 1))
    manifest = require_manifest(open_storage(tmp_path))
    counts = grid(manifest)
    indices = list(np.ndindex(*counts))
    assert [chunk_number(manifest, index) for index in indices] == list(range(chunk_count(manifest)))
    assert [chunk_index(manifest, number) for number in range(len(indices))] == indices
    for index in [(0, 0), (*counts[:-1], 0), (-1, 0, 0), (0, 0, 0, 0)]:
        with pytest.raises(ValueError, match=r"."):
            chunk_number(manifest, index)
