import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import mvn_dask
from mvn_dask.covariance import Dense
from mvn_dask.covariance.dense import TriangularFactor
from mvn_dask.draft import Draft, draft
from mvn_dask.errors import ArgumentError, BlockTooLargeError
from mvn_dask.sampling import sample
from mvn_dask.streams import as_root

MEAN, COV = np.array([1.0, 2.0]), np.array([[2.0, 1.0], [1.0, 2.0]])


def paper(size: tuple[int, ...] = (100,), chunks: object = 40, **options: Any) -> Draft:
    return draft(
        MEAN,
        Dense(COV, method="cholesky"),
        size,
        **{"root": as_root(1).child(0), "dtype": np.dtype("f8"), "chunks": chunks, "names": None, **options},
    )


def test_it_says_what_the_array_will_be() -> None:
    for size, chunks in (((100,), 40), ((10, 100), (1, 50)), ((10, 100), (5, 50, 1)), ((), "auto"), ((0,), -1)):
        drawn = paper(size, chunks)
        array = sample(drawn)
        assert drawn.shape == array.shape
        assert drawn.lengths == array.chunks
        assert drawn.provenance.is_of(array.name)
        expected = mvn_dask.MultivariateNormal(MEAN, COV, method="cholesky").sample(size, seed=1, chunks=chunks)
        assert array.name == expected.name


def test_a_factor_of_another_machine_is_taken_as_it_is() -> None:
    ours = paper()
    theirs = TriangularFactor(np.nextafter(np.linalg.cholesky(COV), 0))
    adopted = paper(factor=theirs)
    assert adopted.broadcast.factor.arrays()["factor"] is theirs.arrays()["factor"]
    assert adopted.provenance.fingerprint != ours.provenance.fingerprint
    np.testing.assert_allclose(sample(adopted), sample(ours), rtol=1e-14)


def test_blocks_that_fit_into_no_process() -> None:
    with pytest.raises(BlockTooLargeError, match="a process has 1000 bytes"):
        paper().refuse_too_large(1000)
    paper().refuse_too_large(10**7)
    cut = paper((10, 100), (5, 50, 1))
    cut.refuse_too_large(10**8)
    with pytest.raises(BlockTooLargeError, match="shape"):
        replace(cut, recut=((10**6,), (10**6,), (2,))).refuse_too_large(10**8)
    with pytest.raises(ArgumentError, match="blocks"):
        paper((10**12,), 1)


def test_paper_needs_no_dask_array() -> None:
    code = (
        "import sys, mvn_dask.draft, mvn_dask.store.status, mvn_dask.store.contents; print('dask.array' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"
