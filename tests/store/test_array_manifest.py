import re
from typing import Any

import dask.array as da
import numpy as np
import pytest
from dask.delayed import delayed

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


class Odd:
    """A user's object whose attributes mean something else."""

    lineage = lineages = array_name = 3


def first(block: Any, _: Odd) -> Any:
    return block


def test_objects_of_others_in_a_graph_are_left_alone() -> None:
    array = da.map_blocks(first, sample(), delayed(Odd(), name="odd", traverse=False), dtype="f8")
    assert [origin.values["entropy"] for origin in lineages(array)] == ["1"]
    assert manifest_of(array)[0].kind == "derived"


IRREGULAR: dict[str, tuple[da.Array, str]] = {
    "a sample": (sample(chunks=((30, 40, 30), 2)), "axis 0 differ: 30, 40, 30. Draw the sample with `chunks` (40, 2)"),
    "a sample of more axes": (
        sample(size=(4, 100), chunks=((1, 3), (60, 40), (2,))),
        "axis 0 differ: 1, 3. Draw the sample with `chunks` (3, 60, 2)",
    ),
    "rechunked": (sample().rechunk(((40, 60), 2)), "axis 0 differ: 40, 60. Use array.rechunk((60, 2))"),
    "sliced, of regular chunks": (sample()[10:], "axis 0 differ: 30, 40, 20. Use array.rechunk((40, 2))"),
    "along several axes": (
        da.ones((10, 10), chunks=((3, 7), (2, 8))),
        "axis 0 differ: 3, 7. Use array.rechunk((7, 8))",
    ),
    "joined": (da.concatenate([sample(), sample()]), "Use array.rechunk((40, 2))"),
}


@pytest.mark.parametrize("name", IRREGULAR)
def test_blocks_that_are_no_whole_chunks(name: str) -> None:
    """The advice is that for the array, and it works at once."""
    array, text = IRREGULAR[name]
    with pytest.raises(AlignmentError, match=re.escape(text)) as caught:
        manifest_of(array)
    found = re.search(r"(`chunks` |rechunk\()(\([0-9, ]+\))", str(caught.value))
    assert found
    chunks = tuple(map(int, found[2].strip("()").split(", ")))
    size = array.shape[:-1]
    advised = sample(size=size, chunks=chunks) if found[1] == "`chunks` " else array.rechunk(chunks)
    assert manifest_of(advised)[0].chunks == chunks


def test_blocks_of_unknown_length() -> None:
    array = sample()[sample()[:, 0] > 0]
    with pytest.raises(AlignmentError, match=r"unknown chunks: call array\.compute_chunk_sizes\(\) first"):
        manifest_of(array)
    with pytest.raises(AlignmentError, match=r"Use array\.rechunk"):
        manifest_of(array.compute_chunk_sizes())


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
    [*((rows, AlignmentError) for rows in (7, 0, 80)), *((rows, ArgumentTypeError) for rows in (True, "8"))],
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
