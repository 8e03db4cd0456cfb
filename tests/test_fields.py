"""Draws with several axes, from the distribution to the store, its readers and its upkeep."""

import itertools
import json
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pandas as pd
import pytest
import xarray as xr
import zarr

import mvn_dask
from mvn_dask import covariance
from mvn_dask.errors import ArgumentError, DamagedManifestError, InvalidDistributionError, SpecMismatchError
from mvn_dask.hashing import canonical_json, fingerprint
from mvn_dask.job.job import Job
from mvn_dask.maintenance.describe import describe
from tests.reporting.samples import sample_report

SHAPE = (3, 4)
GRID = covariance.StationaryGrid(covariance.exponential(1.0), SHAPE, padding=4)
LAT, TIME = [50.0, 50.5, 51.0], pd.date_range("2026-01-01", periods=4, freq="6h")
MEAN = xr.DataArray(np.arange(12.0).reshape(SHAPE), dims=("lat", "time"), coords={"lat": LAT, "time": TIME})
MEMBER = pd.DataFrame(np.eye(3), index=list("abc"), columns=list("abc"))
FRAME = pd.DataFrame(np.zeros(SHAPE), index=list("bac"))
FIELD = mvn_dask.MultivariateNormal(MEAN, GRID)
FLAT = mvn_dask.MultivariateNormal(MEAN.values.ravel(), GRID, event_shape=12)
LAYOUTS: dict[str, dict[str, Any]] = {
    "rows": {"size": 500, "chunks": 70},
    "one": {"size": None},
    "axes": {"size": (10, 50), "chunks": (1, 20)},
    "along the field": {"size": 500, "chunks": (200, 2, -1)},
    "everywhere": {"size": (4, 30), "chunks": (2, 13, 2, 3)},
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_field_is_the_vector_of_the_same_bits(name: str) -> None:
    options = {key: value for key, value in LAYOUTS[name].items() if key != "chunks"}
    field, flat = FIELD.sample(**LAYOUTS[name], seed=1), FLAT.sample(**options, seed=1)
    assert field.shape == (*flat.shape[:-1], *SHAPE)
    assert field.compute().tobytes() == flat.compute().tobytes()


def test_shapes_of_one_distribution_share_no_keys() -> None:
    shapes: list[Any] = [12, (3, 4), (4, 3), (2, 6), (12, 1)]
    layouts: list[Any] = [25, {0: 25, 1: 2}]
    arrays = [
        mvn_dask.MultivariateNormal(np.zeros(12), 1.0, event_shape=shape).sample(50, seed=1, chunks=chunks)
        for shape, chunks in itertools.product(shapes, layouts)
    ]
    assert len({array.name for array in arrays}) == len({(array.shape, array.chunks) for array in arrays}) == 9
    assert [found.shape for found in da.compute(*arrays)] == [array.shape for array in arrays]


def test_chunks_that_leave_out_the_axes_of_a_draw() -> None:
    assert FIELD.sample(10, seed=1, chunks=(5,)).chunks == ((5, 5), (3,), (4,))
    assert FIELD.sample((2, 10), seed=1, chunks=(1, 5)).chunks == ((1, 1), (5, 5), (3,), (4,))
    assert FIELD.sample(10, seed=1, chunks={1: 2}).chunks == ((10,), (2, 1), (4,))
    with pytest.raises(ArgumentError, match="must fit the shape"):
        FIELD.sample(10, seed=1, chunks=(5, 5))
    with pytest.raises(ArgumentError, match="must have at most 64 axes together: `size` has 63"):
        FIELD.sample((1,) * 63, seed=1)


SHAPES: dict[str, tuple[mvn_dask.MultivariateNormal, tuple[int, ...], tuple[str, ...]]] = {
    "a grid": (mvn_dask.MultivariateNormal(0.0, GRID), (3, 4), ("variable_0", "variable_1")),
    "a line": (
        mvn_dask.MultivariateNormal(0.0, covariance.StationaryGrid(covariance.gaussian(1.0), 5)),
        (5,),
        ("variable",),
    ),
    "scaled": (
        mvn_dask.MultivariateNormal(0.0, covariance.Scaled(GRID, MEAN.values + 1.0), dims=("y", "x")),
        (3, 4),
        ("y", "x"),
    ),
    "a product": (
        mvn_dask.MultivariateNormal(0.0, covariance.Kronecker(np.eye(2), GRID)),
        (2, 3, 4),
        ("variable_0", "variable_1", "variable_2"),
    ),
    "a product with names": (
        mvn_dask.MultivariateNormal(0.0, covariance.Kronecker(np.eye(2), 1.0, names=["oil", "gas"])),
        (2,),
        ("variable",),
    ),
    "variances": (mvn_dask.MultivariateNormal(MEAN, np.ones(12)), (3, 4), ("lat", "time")),
    "a matrix": (
        mvn_dask.MultivariateNormal(np.zeros((3, 4)), np.eye(12), event_shape=(3, 4)),
        (3, 4),
        ("variable_0", "variable_1"),
    ),
    "a vector of labels": (mvn_dask.MultivariateNormal(MEAN[0], 1.0), (4,), ("time",)),
}


@pytest.mark.parametrize("name", SHAPES)
def test_shapes_and_dimensions(name: str, tmp_path: Path) -> None:
    normal, shape, dims = SHAPES[name]
    assert (normal.event_shape, normal.dims, normal.mean.shape) == (shape, dims, shape)
    assert normal.sample(3, seed=1).shape == (3, *shape)
    mvn_dask.to_zarr(normal.sample(3, seed=1), tmp_path)
    with xr.open_zarr(tmp_path) as found:
        assert found["samples"].dims == ("sample", *dims)
        assert set(found.coords) == set(mvn_dask.to_xarray(normal.sample(3, seed=1)).coords) >= set(normal.coords)


def test_labels_of_members_label_the_axes_of_a_product() -> None:
    frame = pd.DataFrame(np.eye(2), index=["oil", "gas"], columns=["oil", "gas"])
    normal = mvn_dask.MultivariateNormal(0.0, covariance.Kronecker(frame, GRID), dims=("asset", "y", "x"))
    assert normal.names is None
    assert normal.coords["asset"].tolist() == ["oil", "gas"]
    assert mvn_dask.to_xarray(normal.sample(2, seed=1)).sel(asset="gas").dims == ("sample", "y", "x")


def test_xarray_opens_a_store_as_a_field(tmp_path: Path) -> None:
    x = FIELD.sample(100, seed=1, chunks=(40, 2, -1))
    mvn_dask.to_zarr(x, tmp_path)
    with xr.open_zarr(tmp_path) as dataset:
        xr.testing.assert_equal(dataset["mean"].load().drop_attrs(), MEAN)
        assert dataset["samples"].dims == ("sample", "lat", "time")
        assert dataset.indexes["time"].equals(TIME.as_unit(dataset.indexes["time"].unit))
        np.testing.assert_array_equal(dataset["samples"].sel(lat=50.5), x[:, 1])
        labelled = mvn_dask.to_xarray(mvn_dask.from_zarr(tmp_path))
        xr.testing.assert_equal(labelled.load(), dataset["samples"].load())
        xr.testing.assert_equal(labelled.load(), mvn_dask.to_xarray(x).load())
    found = describe(tmp_path)
    assert (found.event_shape, found.labelled, found.names) == (SHAPE, ("lat", "time"), None)
    assert "a draw has the axes lat: 3, labelled; time: 4, labelled" in str(found)
    group: Any = zarr.open_group(tmp_path, mode="r")
    assert "mean" not in group["samples"].attrs
    np.testing.assert_array_equal(group["lat"][:], LAT)
    assert group["time"].attrs["units"].endswith(" since 1970-01-01")


def test_a_long_mean_is_an_array_and_a_short_one_an_attribute(tmp_path: Path) -> None:
    for number, length in enumerate((1000, 1001)):
        mean = np.arange(float(length))
        mvn_dask.to_zarr(mvn_dask.MultivariateNormal(mean, 1.0).sample(2, seed=1), tmp_path / str(number))
    short, long = (zarr.open_group(tmp_path / str(number), mode="r") for number in range(2))
    assert short["samples"].attrs["mean"] == list(range(1000))
    assert "mean" not in short
    assert "mean" not in long["samples"].attrs
    np.testing.assert_array_equal(np.asarray(long["mean"]), np.arange(1001.0))


def test_zeros_are_written_as_well(tmp_path: Path) -> None:
    zero = mvn_dask.MultivariateNormal(np.zeros((2, 1)), 1.0, event_shape=(2, 1), dims=("y", "x"), coords={"x": [0.0]})
    mvn_dask.to_zarr(zero.sample(3, seed=1), tmp_path)
    assert mvn_dask.verify(tmp_path, level="values").ok
    assert mvn_dask.status(tmp_path).complete
    with xr.open_zarr(tmp_path) as dataset:
        assert (dataset["mean"].values == 0.0).all()


@pytest.mark.parametrize("name", [name for name in LAYOUTS if name != "one"])
def test_upkeep_of_a_field(name: str, tmp_path: Path) -> None:
    x = FIELD.sample(**LAYOUTS[name], seed=1)
    mvn_dask.to_zarr(x, tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and "lock" not in path.name}
    assert mvn_dask.verify(tmp_path, level="values", full=True).ok
    (tmp_path / "lat/c/0").write_bytes(bytes(24))
    (tmp_path / "mean/c/0/0").unlink()
    next(path for path in (tmp_path / "samples/c").rglob("0") if path.is_file()).write_bytes(b"")
    found = mvn_dask.verify(tmp_path)
    assert {"lat/c/0", "mean/c/0/0"} <= found.faults.keys()
    assert not found.ok
    assert not mvn_dask.status(tmp_path).complete
    mvn_dask.repair(tmp_path)
    assert {path: path.read_bytes() for path in before} == before
    mvn_dask.extend(tmp_path, 7)
    size = x.shape[:-2]
    longer = FIELD.sample((size[0] + 7, *size[1:]), seed=1)
    np.testing.assert_array_equal(mvn_dask.from_zarr(tmp_path), longer)
    mvn_dask.to_zarr(mvn_dask.from_zarr(tmp_path), tmp_path / "copy")
    with xr.open_zarr(tmp_path / "copy") as copy, xr.open_zarr(tmp_path) as original:
        xr.testing.assert_identical(copy.load(), original.load())


def test_parts_and_the_same_call_again(tmp_path: Path) -> None:
    x = FIELD.sample(100, seed=1, chunks=(30, -1, 3))
    for part in (1, 0, 1):
        mvn_dask.to_zarr(x, tmp_path, part=(part, 2))
    mvn_dask.to_zarr(x, tmp_path)
    np.testing.assert_array_equal(mvn_dask.from_zarr(tmp_path), x)
    other = mvn_dask.MultivariateNormal(MEAN.assign_coords(lat=[1.0, 2.0, 3.0]), GRID)
    with pytest.raises(SpecMismatchError, match="lat"):
        mvn_dask.to_zarr(other.sample(100, seed=1, chunks=(30, -1, 3)), tmp_path)


@pytest.mark.parametrize("factor", [None, 2.0])
def test_labels_along_rows_are_kept(factor: float | None, tmp_path: Path) -> None:
    labelled = mvn_dask.to_xarray(FIELD.sample(20, seed=1)).assign_coords(sample=np.arange(20) * 2, height=2.0)
    labelled = labelled if factor is None else labelled * factor
    mvn_dask.to_zarr(labelled, tmp_path)
    with xr.open_zarr(tmp_path) as found:
        xr.testing.assert_equal(found["samples"].load().drop_attrs(), labelled.load().drop_attrs())
    assert mvn_dask.verify(tmp_path, level="values" if factor is None else "checksum").ok


def test_a_forged_shape_of_the_mean(tmp_path: Path) -> None:
    for number, shape in enumerate(([], [11], [3, 4], [2**40])):
        folder = tmp_path / str(number)
        mvn_dask.to_zarr(FIELD.sample(20, seed=1), folder)
        path = folder / ".mvn_dask" / "manifest.json"
        content = json.loads(path.read_text())
        for parameters in (content["parameters"], content["samples"][0]["parameters"]):
            parameters["mean"]["shape"] = shape
        content["fingerprint"] = fingerprint(content["samples"][0])
        path.write_text(canonical_json(content))
        assert not mvn_dask.status(folder).complete
        assert not mvn_dask.verify(folder, level="checksum").ok
        with pytest.raises(DamagedManifestError):
            mvn_dask.verify(folder, level="values")


@pytest.mark.parametrize("chunks", [50, (50, 2, 3)])
def test_a_report_is_that_of_the_vector(chunks: Any, tmp_path: Path) -> None:
    found = []
    for name, normal, pieces in (("field", FIELD, chunks), ("flat", FLAT, 50)):
        mvn_dask.to_zarr(normal.sample(2000, seed=1, chunks=pieces), tmp_path / name)
        found.append(sample_report(tmp_path / name))
    field, flat = found
    assert field.ok
    assert flat.ok
    np.testing.assert_allclose(field.estimates.mean, flat.estimates.mean, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(field.estimates.deviation, flat.estimates.deviation, rtol=1e-9)
    assert field.estimates.name(5) == "lat=50.5, time=2026-01-01 06:00:00"
    assert "lat=50.5" in field.html
    together = field.estimates.selection.together
    whole = field.estimates.measured.covariance, flat.estimates.measured.covariance
    np.testing.assert_allclose(whole[0][together], whole[1][together], rtol=1e-9, atol=1e-12)


def test_densities_take_draws_of_the_shape() -> None:
    rng = np.random.default_rng(1)
    shape = (2, 3)
    low_rank = covariance.LowRank(rng.standard_normal((6, 2)), np.ones(6))
    field = mvn_dask.MultivariateNormal(rng.standard_normal(shape), low_rank, event_shape=shape)
    flat = mvn_dask.MultivariateNormal(field.mean.ravel(), field.covariance)
    x = field.sample((4, 5), seed=2, chunks=(2, 5))
    expected = flat.logpdf(x.compute().reshape(4, 5, 6))
    np.testing.assert_array_equal(field.logpdf(x), expected)
    np.testing.assert_array_equal(field.logpdf(x.rechunk((4, 5, 1, 2))), expected)
    np.testing.assert_array_equal(field.mahalanobis(x.compute()), flat.mahalanobis(x.compute().reshape(4, 5, 6)))
    assert field.logpdf(field.mean).shape == ()
    labelled = mvn_dask.MultivariateNormal(
        field.mean, low_rank, event_shape=shape, dims=("y", "x"), coords={"y": [1, 2]}
    )
    draws = mvn_dask.to_xarray(labelled.sample(5, seed=1)).compute()
    assert labelled.logpdf(draws).shape == (5,)
    for other in (draws[:, ::-1], draws.rename(y="z")):
        with pytest.raises(ArgumentError, match="in x and the distribution must agree"):
            labelled.logpdf(other)
    with pytest.raises(ArgumentError, match=r"last axes of `x` must be of lengths \(2, 3\)"):
        field.logpdf(np.zeros((4, 6)))


def test_some_points_of_a_field_and_the_field_given_some() -> None:
    points = np.array([[0, 1], [2, 3]])
    part = FIELD.marginal(points)
    assert part.event_shape == (2,)
    np.testing.assert_array_equal(part.mean, MEAN.values[points[:, 0], points[:, 1]])
    given = FIELD.condition(points, [5.0, 6.0])
    assert (given.event_shape, given.dims, given.event) == (SHAPE, ("lat", "time"), FIELD.event)
    fields = given.sample(10, seed=1).compute()
    np.testing.assert_allclose(fields[:, points[:, 0], points[:, 1]], [[5.0, 6.0]] * 10)
    low_rank = covariance.LowRank(np.ones((6, 1)), np.ones(6))
    product = mvn_dask.MultivariateNormal(np.zeros((2, 3)), low_rank, event_shape=(2, 3))
    assert product.condition([[1, 2]], [1.0], noise=1.0).event_shape == (2, 3)
    assert product.condition([[1, 2]], [1.0]).event_shape == (5,)
    assert product.condition(5, 1.0) == product.condition([[1, 2]], [1.0])


def test_values_compare_shapes_and_labels() -> None:
    assert mvn_dask.MultivariateNormal(MEAN, GRID) == FIELD
    assert FIELD != FLAT
    assert mvn_dask.MultivariateNormal(MEAN.rename(lat="y"), GRID) != FIELD
    assert len({FIELD, FLAT, mvn_dask.MultivariateNormal(MEAN, GRID)}) == 2


def test_numpys_interface_gives_fields_of_a_structure() -> None:
    x = mvn_dask.default_rng(1).multivariate_normal(np.zeros(SHAPE), GRID, size=5)
    assert isinstance(x, da.Array)
    assert x.shape == (5, *SHAPE)
    with pytest.raises(ValueError, match="mean must be 1 dimensional"):
        mvn_dask.default_rng(1).multivariate_normal(np.zeros(SHAPE), np.eye(12))


@pytest.mark.parametrize(
    ("mean", "cov", "options", "words"),
    [
        (np.zeros((3, 4)), np.eye(12), {}, "mean must be 1 dimensional"),
        (np.zeros((4, 3)), GRID, {}, "they must agree"),
        (np.zeros((3, 5)), GRID, {}, "must have same length: `mean` has 15, `cov` has 12"),
        (np.zeros((3, 0)), GRID, {}, "`mean` must not be empty"),
        (MEAN.values, GRID, {"names": list("abcdefghijkl")}, "label its axes by `coords`"),
        (MEAN.assign_coords(lat=[1.0, np.nan, 2.0]), GRID, {}, "finite labels"),
        (MEAN.rename(lat="sample"), GRID, {}, "cannot be called 'sample'"),
        (np.zeros((12, 1)), covariance.LowRank(np.ones((12, 1)), 1.0), {}, "mean must be 1 dimensional"),
        (MEAN, covariance.Scaled(GRID, MEAN[::-1] + 1.0), {}, "labels of 'lat' in mean and cov must agree"),
        (
            MEAN,
            covariance.Scaled(GRID, (MEAN + 1.0).rename(lat="y")),
            {},
            "names of the axes in mean and cov must agree",
        ),
        (MEAN, covariance.Kronecker(MEMBER, np.eye(4)), {}, "labels of 'lat' in mean and cov must agree: place 0"),
        (FRAME, covariance.Kronecker(MEMBER, np.eye(4)), {}, "labels of 'variable_0' in mean and cov must agree"),
    ],
)
def test_what_makes_no_field(mean: Any, cov: Any, options: Any, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        mvn_dask.MultivariateNormal(mean, cov, **options)


def test_a_dimension_that_no_store_has(tmp_path: Path) -> None:
    for name in ("mean", "grid point", "samples_of_it/x"):
        x = mvn_dask.MultivariateNormal(0.0, GRID, dims=("lat", name)).sample(2, seed=1)
        with pytest.raises(ArgumentError, match=f"has the dimension {name!r}, and dimensions of a store"):
            mvn_dask.to_zarr(x, tmp_path)


def job_of(folder: Path, **distribution: Any) -> Job:
    np.save(folder / "mean.npy", MEAN.values)
    np.save(folder / "lon.npy", [1.0, 2.0, 3.0, 4.0])
    table = {
        "cov": {
            "kind": "stationary-grid",
            "function": {"name": "exponential", "length": 1.0},
            "shape": [3, 4],
            "padding": 4,
        },
        **distribution,
    }
    whole = {
        "version": 1,
        "distribution": table,
        "sample": {"size": 20, "seed": 1, "chunks": 10},
        "output": {"url": "out.zarr"},
    }
    return Job.from_mapping(whole, folder=folder)


def test_a_job_of_fields(tmp_path: Path) -> None:
    job = job_of(tmp_path, mean="mean.npy", dims=["lat", "lon"], coords={"lat": [50, 51, 52], "lon": "lon.npy"})
    job.run()
    with xr.open_zarr(tmp_path / "out.zarr") as found:
        assert found["samples"].dims == ("sample", "lat", "lon")
        assert found["lat"].dtype == np.int64
        assert found["lon"].values.tolist() == [1.0, 2.0, 3.0, 4.0]
        np.testing.assert_array_equal(found["samples"], FIELD.sample(20, seed=1))
    job.run()
    flat = job_of(tmp_path, mean="mean.npy", event_shape=[2, 6])
    with pytest.raises(InvalidDistributionError, match="they must agree"):
        flat.run()


def test_a_job_takes_dimensions_from_a_mean_of_xarrays(tmp_path: Path) -> None:
    MEAN.to_dataset(name="mean").to_zarr(tmp_path / "mean.zarr", zarr_format=3, consolidated=False)
    job_of(tmp_path, mean="mean.zarr").run()
    with xr.open_zarr(tmp_path / "out.zarr") as found:
        xr.testing.assert_equal(found["mean"].load().drop_attrs(), MEAN)


STORED = {"dims": ["lat"], "dtype": "float64", "labels": ["1.0", "2.0", "3.0"], "attributes": {}}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("event_axes", 4),
        ("event_axes", -1),
        ("event_axes", 0),
        ("event_axes", 1),
        ("coordinates", {"lat": {**STORED, "labels": ["1.0"]}}),
        ("coordinates", {"lon": {**STORED, "dims": ["lon"], "labels": ["1.0"]}}),
        ("coordinates", {"lat": {**STORED, "dims": ["lon"]}}),
        ("coordinates", {"lat": {**STORED, "attributes": {"scale_factor": 2.0}}}),
        ("attributes", {"add_offset": 1.0}),
        ("attributes", []),
        ("name", "../x"),
        ("name", "lat"),
        ("indexes", {"lat": ["lon"]}),
        ("coordinates", {"lat": {**STORED, "labels": [1.0, 2.0, 3.0]}}),
        ("coordinates", {"lat": ["a", "b", "c"]}),
        ("coordinates", []),
        ("coordinates", {"../lat": STORED}),
    ],
)
def test_a_hostile_manifest_of_a_field(field: str, value: Any, tmp_path: Path) -> None:
    mvn_dask.to_zarr(FIELD.sample(20, seed=1), tmp_path)
    path = tmp_path / ".mvn_dask" / "manifest.json"
    content = json.loads(path.read_text())
    content["array"][field] = value
    path.write_text(canonical_json(content))
    with pytest.raises(DamagedManifestError):
        mvn_dask.verify(tmp_path, level="values")
