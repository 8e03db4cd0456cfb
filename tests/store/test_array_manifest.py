from typing import Any

import dask.array as da
import numpy as np
import pytest

import mvn_dask
from mvn_dask.errors import AlignmentError, ArgumentTypeError
from mvn_dask.random.streams import as_root
from mvn_dask.store.array_manifest import lineages, manifest_of, sample_manifest, shards_of
from tests.support.arrays import NORMAL, derived, sample


def test_a_sample_is_known_by_all_that_decides_it() -> None:
    manifest, arrays = manifest_of(sample())
    assert manifest.kind == "sample"
    assert (manifest.shape, manifest.chunks) == ((100, 2), (40, 2))
    assert manifest.dtype == np.float64
    assert manifest.array.dimensions == ("sample", "variable")
    assert f"mvn-{manifest.fingerprint}-40" == sample().name
    np.testing.assert_array_equal(arrays["mean"], NORMAL.mean)
    np.testing.assert_allclose(arrays["factor.matrix"] @ arrays["factor.matrix"].T, NORMAL.covariance.to_dense())


def test_a_derived_array_is_known_by_its_expression_and_its_samples() -> None:
    manifest, arrays = manifest_of(derived(sample()))
    assert not arrays
    assert manifest.kind == "derived"
    assert str(manifest.expression).startswith("payoff-")
    assert [each["entropy"] for each in manifest.samples] == ["1"]
    assert manifest_of(derived(sample()))[0] == manifest
    assert manifest_of(derived(sample(seed=2)))[0].fingerprint != manifest.fingerprint
    assert manifest_of(sample() + 1)[0].fingerprint != manifest_of(sample() + 2)[0].fingerprint


def test_all_samples_of_an_expression_are_found() -> None:
    both = sample(seed=1) * sample(seed=2)[::-1] + np.float64(3)
    assert {origin.values["entropy"] for origin in lineages(both)} == {"1", "2"}
    assert lineages(da.ones(5)) == []


@pytest.mark.parametrize(
    ("array", "text"),
    [
        (sample().rechunk(((30, 40, 30), 2)), r"axis 0 differ: 30, 40, 30\. Draw the sample with chunks=40"),
        (sample().rechunk(((40, 60), 2)), r"use array.rechunk\(\{0: 60\}\)"),
        (sample()[sample()[:, 0] > 0], "unknown chunks"),
    ],
)
def test_blocks_that_are_no_whole_chunks(array: da.Array, text: str) -> None:
    with pytest.raises(AlignmentError, match=text):
        manifest_of(array)


@pytest.mark.parametrize(
    "array",
    [
        np.ones(3),
        [1, 2],
        None,
        da.asarray(np.array(["a"])),
        da.ones(3, dtype=np.longdouble),
        da.ma.masked_equal(da.ones(3), 1),
    ],
)
def test_no_array_of_numbers(array: Any) -> None:
    with pytest.raises(ArgumentTypeError, match="`array` must"):
        manifest_of(array)


def test_a_spec_has_the_manifest_of_its_array() -> None:
    normal = mvn_dask.MultivariateNormal([1.0, 2.0], 3.0, names=("a", "b"))
    for size, chunks, shards in (((100,), 40, 8), ((10, 100), (1, 50), 25), ((), -1, None), ((0,), "1 MiB", None)):
        spec = normal.spec(size, root=as_root(1).child(0), dtype=np.dtype("f8"), chunks=chunks)
        manifest = sample_manifest(spec.lineage, spec.lengths, np.dtype("f8"), shards)
        array = normal.sample(size, seed=1, chunks=chunks)
        assert manifest.text == manifest_of(array, shards)[0].text
        assert manifest.names == ("a", "b")


@pytest.mark.parametrize(
    ("shards", "error"),
    [
        (7, AlignmentError),
        (0, AlignmentError),
        (80, AlignmentError),
        (True, ArgumentTypeError),
        ("8", ArgumentTypeError),
    ],
)
def test_inner_chunks_that_do_not_divide_a_block(shards: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="`shards` must"):
        manifest_of(sample(), shards)


def test_what_has_no_rows_has_no_inner_chunks() -> None:
    with pytest.raises(AlignmentError, match="an array without axes has none"):
        manifest_of(sample().sum(), 1)


def test_inner_chunks_divide_the_first_axis_that_can_be_divided() -> None:
    for array, shards, inner_chunks in (
        (sample(), 8, (8, 2)),
        (sample(size=(10, 100), chunks=(1, 50)), 25, (1, 25, 2)),
        (sample(), None, None),
    ):
        manifest, _ = manifest_of(array, shards)
        assert manifest.array.inner_chunks == inner_chunks
        assert shards_of(manifest) == shards
