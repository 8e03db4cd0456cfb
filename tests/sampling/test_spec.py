import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import mvn_dask
from mvn_dask.covariance.matrix_factors import TriangularFactor
from mvn_dask.distribution.normal_sampler import NormalSampler
from mvn_dask.errors import ArgumentError, BlockTooLargeError
from mvn_dask.event import Event
from mvn_dask.random.streams import as_root
from mvn_dask.sampling.array import sample
from mvn_dask.sampling.spec import SampleSpec, sample_spec

MEAN, COV = np.array([1.0, 2.0]), np.array([[2.0, 1.0], [1.0, 2.0]])


def spec(size: tuple[int, ...] = (100,), chunks: object = 40) -> SampleSpec:
    common: dict[str, Any] = {"root": as_root(1).child(0), "dtype": np.dtype("f8"), "chunks": chunks}
    return mvn_dask.MultivariateNormal(MEAN, COV, method="cholesky").spec(size, **common)


def test_it_says_what_the_array_will_be() -> None:
    for size, chunks in (((100,), 40), ((10, 100), (1, 50)), ((10, 100), (5, 50, 1)), ((), "auto"), ((0,), -1)):
        drawn = spec(size, chunks)
        array = sample(drawn)
        assert tuple(map(sum, drawn.lengths)) == array.shape
        assert drawn.lengths == array.chunks
        assert drawn.lineage.is_of(array.name)
        expected = mvn_dask.MultivariateNormal(MEAN, COV, method="cholesky").sample(size, seed=1, chunks=chunks)
        assert array.name == expected.name


def test_a_factor_of_another_machine_is_taken_as_it_is() -> None:
    ours = spec()
    theirs = TriangularFactor(np.nextafter(np.linalg.cholesky(COV), 0))
    sampler = ours.broadcast.sampler
    assert isinstance(sampler, NormalSampler)
    common: dict[str, Any] = {
        "root": as_root(1).child(0),
        "dtype": np.dtype("f8"),
        "chunks": 40,
        "event": Event.of_variables(2),
    }
    adopted = sample_spec(replace(sampler, factor=theirs), (100,), **common)
    assert sample_spec(sampler, (100,), **common).lineage.fingerprint == ours.lineage.fingerprint
    assert adopted.broadcast.arrays["factor.matrix"] is theirs.matrix
    assert adopted.lineage.fingerprint != ours.lineage.fingerprint
    np.testing.assert_allclose(sample(adopted), sample(ours), rtol=1e-14)


def test_blocks_that_fit_into_no_process() -> None:
    with pytest.raises(BlockTooLargeError, match="a process has 1000 bytes"):
        spec().refuse_too_large(1000)
    spec().refuse_too_large(10**7)
    cut = spec((10, 100), (5, 50, 1))
    cut.refuse_too_large(10**8)
    with pytest.raises(BlockTooLargeError, match="shape"):
        replace(cut, recut=((10**6,), (10**6,), (2,))).refuse_too_large(10**8)
    with pytest.raises(ArgumentError, match="blocks"):
        spec((10**12,), 1)


def test_a_spec_needs_no_dask_array() -> None:
    modules = "mvn_dask.sampling.spec, mvn_dask.store.status, mvn_dask.store.format.manifest"
    code = f"import sys, {modules}; print('dask.array' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"


def test_blocks_far_below_a_stripe_are_warned_of_with_chunks_that_serve() -> None:
    normal = mvn_dask.MultivariateNormal(MEAN, COV)
    message = (
        r"blocks of 50 rows .* stripe of 32768 rows.*: 329 times the rows .* Use chunks=32768, or a multiple of it"
    )
    with pytest.warns(UserWarning, match=message) as caught:
        small = normal.sample(2**20, seed=1, chunks=50)
    assert caught[0].filename == __file__
    normal.sample(2**20, seed=1, chunks=32768)
    with pytest.warns(UserWarning, match="Use chunks=-1, which"):
        normal.sample(30_000, seed=1, chunks=20)
    normal.sample(30_000, seed=1, chunks=-1)
    np.testing.assert_array_equal(small[:50].compute(), normal.sample(2**20, seed=1, chunks=32768)[:50].compute())
