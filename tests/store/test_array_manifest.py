from typing import Any

import dask.array as da
import numpy as np
import pytest

import mvn_dask
from mvn_dask.errors import AlignmentError, ArgumentTypeError
from mvn_dask.store.array_manifest import lineages, manifest_of

NORMAL = mvn_dask.MultivariateNormal([0.0, 1.0], [[2.0, 1.0], [1.0, 2.0]])


def sample(**options: Any) -> da.Array:
    return NORMAL.sample(**{"size": 100, "seed": 1, "chunks": 40, **options})


def payoff(x: Any) -> Any:
    return np.maximum(x.sum(axis=-1) - 1.0, 0.0)


def derived(x: da.Array) -> da.Array:
    payoffs: da.Array = da.map_blocks(payoff, x, drop_axis=1, dtype=x.dtype)
    return payoffs


def test_a_sample_is_known_by_all_that_decides_it() -> None:
    manifest, arrays = manifest_of(sample())
    assert manifest.content["kind"] == "sample"
    assert (manifest.shape, manifest.chunks) == ((100, 2), (40, 2))
    assert manifest.dtype == np.float64
    assert manifest.dimensions == ("sample", "variable")
    assert f"mvn-{manifest.fingerprint}-40" == sample().name
    np.testing.assert_array_equal(arrays["mean"], NORMAL.mean)
    np.testing.assert_allclose(arrays["factor"] @ arrays["factor"].T, NORMAL.covariance.to_dense())


def test_a_derived_array_is_known_by_its_expression_and_its_samples() -> None:
    manifest, arrays = manifest_of(derived(sample()))
    assert not arrays
    assert manifest.content["kind"] == "derived"
    assert manifest.content["expression"].startswith("payoff-")
    assert [each["entropy"] for each in manifest.content["samples"]] == ["1"]
    assert manifest_of(derived(sample()))[0].content == manifest.content
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
