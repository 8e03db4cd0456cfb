from typing import Any

import dask.array as da
import numpy as np
import pytest

import mvn_dask
from mvn_dask.errors import AlignmentError, ArgumentTypeError
from mvn_dask.random.streams import as_root
from mvn_dask.sampling.spec import sample_spec
from mvn_dask.store.array_manifest import manifest_of
from mvn_dask.store.format.contents import sample_manifest, shards_of


def sample(size: Any = 100, chunks: Any = 40) -> da.Array:
    return mvn_dask.MultivariateNormal([1.0, 2.0], 3.0).sample(size, seed=1, chunks=chunks)


def test_a_sample_on_paper_has_the_record_of_its_array() -> None:
    normal = mvn_dask.MultivariateNormal([1.0, 2.0], 3.0)
    for size, chunks, shards in (((100,), 40, 8), ((10, 100), (1, 50), 25), ((), -1, None), ((0,), "1 MiB", None)):
        spec = sample_spec(
            normal.mean, normal.covariance, size, root=as_root(1).child(0), dtype=np.dtype("f8"), chunks=chunks,
            names=("a", "b"),
        )  # fmt: skip
        manifest = sample_manifest(spec.lineage, spec.lengths, np.dtype("f8"), shards)
        array = mvn_dask.sampling.array.sample(spec)
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
def test_pieces_that_do_not_divide_a_block(shards: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="`shards` must"):
        manifest_of(sample(), shards)


def test_what_has_no_rows_has_no_pieces() -> None:
    with pytest.raises(AlignmentError, match="an array without axes has none"):
        manifest_of(sample().sum(), 1)


def test_pieces_divide_the_first_axis_that_can_be_divided() -> None:
    for array, shards, pieces in (
        (sample(), 8, (8, 2)),
        (sample(size=(10, 100), chunks=(1, 50)), 25, (1, 25, 2)),
        (sample(), None, None),
    ):
        manifest, _ = manifest_of(array, shards)
        assert manifest.pieces == pieces
        assert shards_of(manifest) == shards
