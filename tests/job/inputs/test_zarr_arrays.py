import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
import zarr
import zarr.storage

from mvn_dask.covariance import BlockDiagonal, LowRank, Scaled
from mvn_dask.errors import InvalidDistributionError, JobFileError, TransportError
from mvn_dask.job.inputs.base import InputArray
from mvn_dask.job.inputs.distribution_inputs import distribution_inputs
from mvn_dask.job.inputs.readers import read_input
from mvn_dask.labels import agreed_names, axes_of
from tests.job.inputs.test_numpy_files import Trap
from tests.support.job_inputs import job_in, read, refusal
from tests.support.s3 import SECRET, Prefix, wired

MATRIX: Any = np.array([[4.0, 1.0], [1.0, 9.0]])


def _any(numbers: Any) -> Any:
    return np.array(numbers)


@pytest.mark.parametrize("version", [2, 3])
def test_arrays_and_groups_in_a_folder(tmp_path: Path, version: Any) -> None:
    zarr.save_array(tmp_path / "single", MATRIX, zarr_format=version)
    group = zarr.open_group(tmp_path / "many.zarr", mode="w", zarr_format=version)
    group.create_array("cov", data=MATRIX, chunks=(1, 2))
    group.create_array("deep/inside", data=2 * MATRIX)
    group.create_array("other", data=np.array([1, 2], ">i2"))
    for value in ("single", "many.zarr", "many.zarr/cov", {"path": "many.zarr", "key": "cov"}):
        assert np.array_equal(read(tmp_path, "cov", value).array, MATRIX)
    assert np.array_equal(read(tmp_path, "cov", {"path": "many.zarr", "key": "deep/inside"}).array, 2 * MATRIX)
    assert read(tmp_path, "mean", {"path": "many.zarr", "key": "other"}).array.tolist() == [1, 2]
    assert refusal(tmp_path, "mean", "many.zarr") == (
        'many.zarr: it holds "cov", "other": name one of them, mean = { path = "…", key = "…" }'
    )
    assert 'there is no array "x" in it: it holds' in refusal(tmp_path, "mean", {"path": "many.zarr", "key": "x"})
    assert '"deep" in it is a group' in refusal(tmp_path, "mean", {"path": "many.zarr", "key": "deep"})
    assert "it is an array itself" in refusal(tmp_path, "mean", {"path": "single", "key": "x"})


def labelled(labels: Any, other: Any = None) -> xr.Dataset:
    columns = labels if other is None else other
    if isinstance(labels, xr.Variable):
        columns = xr.Variable("other", labels.values, labels.attrs)
    arrays: dict[str, Any] = {"cov": (("asset", "other"), MATRIX), "mean": ("asset", [1.0, 2.0])}
    return xr.Dataset(arrays, {"asset": labels, "other": columns})


@pytest.mark.filterwarnings("ignore:.*(specification|consolidated)")
@pytest.mark.parametrize("version", [2, 3])
def test_the_coordinates_that_xarray_writes_are_names(tmp_path: Path, version: Any) -> None:
    forms: list[tuple[Any, Any]] = [
        (["öl", "gas"], ("öl", "gas")),
        ([2001, 2002], ("2001", "2002")),
        ([0, 1], None),
        ([False, True], ("False", "True")),
        (pd.date_range("2026-01-01", periods=2), ("2026-01-01 00:00:00", "2026-01-02 00:00:00")),
        (pd.date_range("2026-01-01", periods=2, freq="250ms"), ("2026-01-01 00:00:00", "2026-01-01 00:00:00.250000")),
        (xr.Variable("asset", [20.0, 10.0], {"units": "degrees_north"}), ("20.0", "10.0")),
        (xr.Variable("asset", [3, 6], {"units": "hours"}), ("3", "6")),
        (
            xr.Variable("asset", [1, 0], {"units": "days since 2026-01-01", "calendar": "360_day"}),
            ("1 days since 2026-01-01", "0 days since 2026-01-01"),
        ),
        (np.array([b"oil", b"gas"]), ("oil", "gas")),
    ]
    for number, (labels, names) in enumerate(forms):
        labelled(labels).to_zarr(tmp_path / f"{number}.zarr", group="deep", zarr_format=version, consolidated=False)
        for value in ({"path": f"{number}.zarr", "key": "deep/cov"}, f"{number}.zarr/deep", f"{number}.zarr/deep/cov"):
            found = read(tmp_path, "cov", value)
            assert np.array_equal(found.array, MATRIX)
            assert found.names == names
        assert read(tmp_path, "mean", f"{number}.zarr/deep/mean").names == names
    labelled(["a", "b"], ["b", "a"]).to_zarr(tmp_path / "odd.zarr", zarr_format=version, consolidated=False)
    assert refusal(tmp_path, "cov", "odd.zarr").startswith(
        'odd.zarr: its coordinate "asset" and its coordinate "other" must agree: variable 0 is '
    )
    job = job_in(tmp_path, mean="0.zarr/deep", cov=pd.DataFrame(MATRIX).to_numpy().tolist())
    assert distribution_inputs(job).event.names == ("öl", "gas")
    labelled(["gas", "öl"]).to_zarr(tmp_path / "reversed.zarr", zarr_format=version, consolidated=False)
    with pytest.raises(InvalidDistributionError, match="the same labels in another order"):
        distribution_inputs(job_in(tmp_path, mean="reversed.zarr", cov="0.zarr/deep"))
    for number, (labels, names) in enumerate(forms):
        one, other = labelled(labels), labelled(labels).isel(asset=[1, 0])
        assert agreed_names(axes_of("mean", one["mean"])) == names or isinstance(labels, xr.Variable)
        other["mean"].to_dataset().to_zarr(tmp_path / f"r{number}.zarr", zarr_format=version, consolidated=False)
        with pytest.raises(InvalidDistributionError, match="must agree: variable 0 is "):
            distribution_inputs(job_in(tmp_path, mean=f"r{number}.zarr/mean", cov=f"{number}.zarr/deep"))


PACKINGS: list[dict[str, Any]] = [
    {"dtype": "int16", "scale_factor": 0.5, "_FillValue": -32768},
    {"dtype": "int16", "scale_factor": 0.25, "add_offset": 4.0},
    {"dtype": "uint8", "add_offset": -8.0, "_FillValue": 255},
    {"dtype": "int32", "missing_value": -1},
    {"dtype": "float32", "scale_factor": 2.0},
    {"dtype": "float32", "_FillValue": -9999.0},
    {"dtype": "float64", "_FillValue": np.nan},
]


@pytest.mark.filterwarnings("ignore:.*(specification|consolidated|to use for NaNs)")
@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("packing", PACKINGS, ids=str)
def test_packed_arrays_are_what_xarray_reads(tmp_path: Path, version: Any, packing: dict[str, Any]) -> None:
    """Of every key of the job, and of the labels."""
    arrays: dict[str, Any] = {
        "cov": (("x", "y"), MATRIX), "correlation": (("x", "y"), np.eye(2)), "mean": ("x", [1.0, -2.0]),
        "standard_deviations": ("x", [2.0, 3.0]),
    }  # fmt: skip
    data = xr.Dataset(arrays, {"x": [2.0, 1.0], "y": [2.0, 1.0]})
    names = [*arrays, "x", "y"] if "int" in packing["dtype"] else [*arrays]
    data.to_zarr(tmp_path / "a.zarr", consolidated=False, zarr_format=version, encoding=dict.fromkeys(names, packing))
    theirs = xr.open_zarr(tmp_path / "a.zarr", consolidated=False)
    for key in arrays:
        found = read(tmp_path, key, f"a.zarr/{key}")
        np.testing.assert_array_equal(found.array, theirs[key])
        np.testing.assert_array_equal(found.array, data[key])
        assert found.names is not None
        assert [float(name) for name in found.names] == [2.0, 1.0]


@pytest.mark.filterwarnings("ignore:.*(specification|consolidated|to use for NaNs)")
@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("packing", [packing for packing in PACKINGS if len(packing) > 1 + ("add_offset" in packing)])
def test_missing_numbers_of_packed_arrays_are_named(tmp_path: Path, version: Any, packing: dict[str, Any]) -> None:
    if "_FillValue" not in packing and "missing_value" not in packing:
        packing = packing | {"_FillValue": -7}
    data = xr.Dataset({"mean": ("x", [1.0, np.nan]), "labelled": ("x", [1.0, 2.0])})
    encoding = {"mean": packing}
    data.to_zarr(tmp_path / "a.zarr", consolidated=False, zarr_format=version, encoding=encoding)
    text = refusal(tmp_path, "mean", "a.zarr/mean")
    assert "must have no missing values, which `" in text or text.endswith("must be finite: mean[1] is nan")
    assert "mean[1] is " in text
    labels = xr.Dataset({"mean": ("x", [1.0, 2.0])}, {"x": [5.0, np.nan]})
    labels.to_zarr(tmp_path / "b.zarr", consolidated=False, zarr_format=version, encoding={"x": packing})
    if not np.isnan(packing.get("_FillValue", 0)):
        assert "which `" in (text := refusal(tmp_path, "mean", "b.zarr/mean"))
        assert 'its coordinate "x"[1] is ' in text


def test_attributes_that_are_no_numbers(tmp_path: Path) -> None:
    zarr.save_array(tmp_path / "a", _any([1, 2]))
    zarr.open_array(tmp_path / "a", mode="r+").attrs["scale_factor"] = "one half"
    assert refusal(tmp_path, "mean", "a") == "a: its attribute 'scale_factor' must be a number: it is 'one half'"


@pytest.mark.parametrize("version", [2, 3])
def test_zeros_of_zarr_are_numbers(tmp_path: Path, version: Any) -> None:
    """Zarr's own fill value, 0, is that of chunks that were not written, and marks nothing."""
    zarr.save_array(tmp_path / "a", _any([0, 0]), zarr_format=version)
    assert read(tmp_path, "mean", "a").array.tolist() == [0, 0]


def test_dimensions_whose_names_lead_nowhere(tmp_path: Path) -> None:
    group = zarr.open_group(tmp_path / "a.zarr", mode="w")
    group.create_array("short", data=np.zeros(3))
    group.create_array("deep/inside", data=np.zeros(2))
    for number, dims in enumerate([("short", "deep"), ("nothing", "../x"), (None, "deep/inside"), ("cov4", "cov4")]):
        array = group.create_array(f"cov{number}", shape=(2, 2), dtype="f8", dimension_names=dims)
        array[...] = MATRIX
        assert read(tmp_path, "cov", {"path": "a.zarr", "key": f"cov{number}"}).names is None
        assert read(tmp_path, "cov", f"a.zarr/cov{number}").names is None
    zarr.create_array(tmp_path / "alone", data=MATRIX, dimension_names=("x", "y"))
    assert read(tmp_path, "cov", "alone").names is None


def test_a_folder_whose_name_looks_like_a_url(tmp_path: Path) -> None:
    zarr.save_array(zarr.storage.LocalStore(tmp_path / "a::b"), MATRIX)
    assert np.array_equal(read(tmp_path, "cov", "a::b").array, MATRIX)


def test_what_is_no_array_of_numbers(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    assert refusal(tmp_path, "cov", "folder") == "folder: is a folder, and no Zarr array or group"
    zarr.save_array(tmp_path / "complex", _any([1j]))
    assert "its dtype is complex128" in refusal(tmp_path, "cov", "complex")
    zarr.save_array(tmp_path / "nan", _any([1.0, np.nan]))
    assert refusal(tmp_path, "cov", "nan") == "nan: must be finite: cov[1] is nan"
    zarr.create_array(tmp_path / "huge", shape=(10**6, 10**6, 10**6), chunks=(1, 1, 1), dtype="f8")
    assert "must be a number, a vector or a matrix" in refusal(tmp_path, "cov", "huge")
    zarr.save_array(tmp_path / "empty", _any(np.zeros((0, 2))))
    assert "holds no numbers" in refusal(tmp_path, "cov", "empty")


def test_damaged_arrays(tmp_path: Path) -> None:
    zarr.save_array(tmp_path / "a", MATRIX)
    chunk = tmp_path / "a" / "c" / "0" / "0"
    chunk.write_bytes(chunk.read_bytes()[:-5])
    assert refusal(tmp_path, "cov", "a").startswith("a: cannot be read as a Zarr array (")
    for text in ("", "{", "[]", '{"zarr_format": 3}', '{"zarr_format": 3, "node_type": "array", "shape": [-1]}'):
        (tmp_path / "a" / "zarr.json").write_text(text)
        assert refusal(tmp_path, "cov", "a").startswith("a: cannot be read as a Zarr array (")


@pytest.mark.parametrize("place", ["filters", "compressor"])
@pytest.mark.parametrize("dtype", ["<f8", "|O"])
def test_nothing_pickled_is_loaded(tmp_path: Path, place: str, dtype: str) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    codec = {"id": "pickle"}
    document = {
        "zarr_format": 2, "shape": [1], "chunks": [1], "dtype": dtype, "fill_value": None, "order": "C",
        "filters": [codec] if place == "filters" else None, "compressor": codec if place == "compressor" else None,
    }  # fmt: skip
    (folder / ".zarray").write_text(json.dumps(document))
    (folder / "0").write_bytes(pickle.dumps(Trap(tmp_path / "sprung")))
    assert refusal(tmp_path, "cov", "a")
    assert not (tmp_path / "sprung").exists()


def remote(prefix: Prefix, value: Any, key: str = "cov", **options: Any) -> InputArray:
    return read_input(job_in(Path(), **{key: value}, storage_options={**prefix.options, **options}), key)


def test_arrays_and_groups_in_a_bucket(prefix: Prefix) -> None:
    group = zarr.open_group(prefix.object_store, mode="w")
    group.create_array("cov", data=MATRIX)
    group.create_array("named", data=MATRIX, dimension_names=("x", "y"))
    group.create_array("x", data=np.array([2001, 2002]))
    for value in (prefix.url, f"{prefix.url}/cov", {"path": prefix.url, "key": "cov"}):
        assert np.array_equal(remote(prefix, value).array, MATRIX)
    for value in (f"{prefix.url}/named", {"path": prefix.url, "key": "named"}):
        assert remote(prefix, value).names == ("2001", "2002")
    with pytest.raises(InvalidDistributionError, match='there is no array "y" in it: it holds "cov", "named", "x"'):
        remote(prefix, {"path": prefix.url, "key": "y"})


def test_arrays_in_a_bucket_inside_a_structure(prefix: Prefix) -> None:
    group = zarr.open_group(prefix.object_store, mode="w")
    group.create_array("loadings", data=MATRIX, dimension_names=("asset", "factor"))
    group.create_array("asset", data=np.array([2001, 2002]))
    group.create_array("factor", data=np.array([7, 8]))
    member = {"kind": "low-rank", "loadings": f"{prefix.url}/loadings", "variances": 1.0}
    table = {"kind": "scaled", "covariance": {"kind": "block-diagonal", "members": [member]}, "std": 2.0}
    job = job_in(Path(), mean=0, cov=table, storage_options=prefix.options)
    found = distribution_inputs(job)
    assert found.event.names == ("2001", "2002")
    assert found.cov == Scaled(BlockDiagonal(LowRank(MATRIX, 1.0)), 2.0)


def test_a_bucket_that_holds_no_such_thing(prefix: Prefix) -> None:
    with pytest.raises(JobFileError, match=r"distribution.cov: s3://.*: there is no Zarr array or group$"):
        remote(prefix, f"{prefix.url}/nothing")


def test_nothing_secret_is_in_an_error(prefix: Prefix) -> None:
    zarr.save_array(prefix.object_store, MATRIX)
    prefix.write("c/0/0", b"damaged")
    with pytest.raises(InvalidDistributionError, match="cannot be read as a Zarr array") as damaged:
        remote(prefix, prefix.url)
    with pytest.raises(JobFileError, match="are not understood") as misspelt:
        remote(prefix, prefix.url, nonsense=SECRET)
    for caught in (damaged, misspelt):
        assert SECRET not in str(caught.value)
        assert caught.value.__suppress_context__


def test_a_bucket_that_does_not_answer(endpoint: str, prefix: Prefix) -> None:
    with wired(endpoint) as wire:
        wire.cut()
        with pytest.raises(TransportError) as caught:
            remote(prefix, prefix.url, endpoint=wire.endpoint)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("memory://a/b", r"^job.toml: distribution.cov: memory://a/b: "),
        ("https://example.org/a.zarr", r"^job.toml: distribution.cov.path: must be a path, .* URL, not https://"),
        ("ftp://example.org/a", r"^job.toml: distribution.cov.path: must be a path, .* URL, not ftp://"),
    ],
)
def test_other_urls(url: str, message: str) -> None:
    with pytest.raises(JobFileError, match=message):
        read_input(job_in(Path(), cov=url), "cov")
