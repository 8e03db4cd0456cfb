from pathlib import Path

import dask.array as da
import numpy as np
import pandas as pd
import pytest

import mvn_dask
from mvn_dask.checks import Method
from mvn_dask.errors import DamagedManifestError, NotAStoreError
from mvn_dask.maintenance.describe import describe
from tests.support.s3 import Prefix

NAMES = [f"v{i}" for i in range(8)]
NORMAL = mvn_dask.MultivariateNormal(np.zeros(8), pd.DataFrame(np.eye(8) + 0.5, columns=NAMES, index=NAMES))


def test_a_sample(tmp_path: Path) -> None:
    mvn_dask.to_zarr(NORMAL.sample(100, seed=[1, 2], chunks=30), tmp_path, part=(0, 2))
    found = describe(tmp_path)
    assert (found.kind, found.complete, found.names, found.expression) == ("sample", False, tuple(NAMES), None)
    assert (found.shape, found.dtype, found.chunk_shape, found.inner_chunk_shape) == (
        (100, 8),
        "float64",
        (30, 8),
        None,
    )
    assert (found.chunks, found.bytes, found.dimensions) == (4, 4 * (30 * 8 * 8 + 4), ("sample", "variable"))
    assert found.environment is not None
    assert found.environment["mvn_dask"] == mvn_dask.__version__
    mvn_dask.to_zarr(NORMAL.sample(100, seed=[1, 2], chunks=30), tmp_path)
    found = describe(tmp_path)
    assert found.complete
    chunks = sum(path.stat().st_size for path in (tmp_path / "samples" / "c").rglob("0") if path.is_file())
    assert found.bytes == chunks
    text = str(found)
    for words in (
        "sample, complete",
        "v0, v1, v2, v3, v4, v5, … (8)",
        "SFC64, multivariate_normal dense auto",
        found.fingerprint,
    ):
        assert words in text
    assert len(text.splitlines()) == 12


def test_pieces_and_other_shapes(tmp_path: Path) -> None:
    mvn_dask.to_zarr(NORMAL.sample((4, 50), seed=1, chunks=10, dtype=np.float32), tmp_path / "a", shards=5)
    found = describe(tmp_path / "a")
    assert found.dtype == "float32"
    assert found.inner_chunk_shape is not None
    assert "inner chunks of shape" in str(found)


def test_a_derived_array(tmp_path: Path) -> None:
    x, y = NORMAL.sample(100, seed=1, chunks=50), NORMAL.sample(100, seed=2, chunks=50)
    mvn_dask.to_zarr(x + y, tmp_path)
    found = describe(tmp_path)
    assert (found.kind, len(found.samples)) == ("derived", 2)
    assert found.expression is not None
    assert found.expression.startswith("add-")
    assert {each["entropy"] for each in found.samples} == {"1", "2"}
    assert "(key [0]); " in str(found)


def test_where_it_was_begun_may_be_lost(tmp_path: Path) -> None:
    mvn_dask.to_zarr(NORMAL.sample(10, seed=1), tmp_path)
    (tmp_path / ".mvn_dask" / "writer.json").unlink()
    found = describe(tmp_path)
    assert found.environment is None
    assert "begun with" not in str(found)


def test_no_store(tmp_path: Path) -> None:
    with pytest.raises(NotAStoreError):
        describe(tmp_path)
    mvn_dask.to_zarr(NORMAL.sample(10, seed=1), tmp_path)
    (tmp_path / ".mvn_dask" / "manifest.json").write_text("{}")
    with pytest.raises(DamagedManifestError):
        describe(tmp_path)


def test_an_object_store(prefix: Prefix) -> None:
    mvn_dask.to_zarr(NORMAL.sample(10, seed=1), prefix.url, storage_options=prefix.options)
    found = describe(prefix.url, storage_options=prefix.options)
    assert found.complete
    assert found.url == prefix.url


def indefinite(rows: int, method: Method = "svd") -> da.Array:
    """Asked for: variances 2. Drawn: 3."""
    with pytest.warns(RuntimeWarning, match="positive-semidefinite"):
        normal = mvn_dask.MultivariateNormal([0.0, 0.0], [[2.0, 3.0], [3.0, 2.0]], method=method)
    return normal.sample(rows, seed=1)


def test_the_variances_are_compared_with_those_asked_for(tmp_path: Path) -> None:
    mvn_dask.to_zarr(indefinite(100), tmp_path / "invalid")
    found = describe(tmp_path / "invalid")
    assert found.grade == "NOT ok"
    assert found.largest_variance_miss == pytest.approx(0.5)
    assert "is 3, and 2 was asked for" in str(found)
    mvn_dask.to_zarr(NORMAL.sample(100, seed=1), tmp_path / "valid")
    found = describe(tmp_path / "valid")
    assert found.grade == "ok"
    assert found.largest_variance_miss is not None
    assert found.largest_variance_miss < 1e-14
    # Eight variables of variance 1.5 and covariance 0.5: correlations of a third.
    assert found.smallest_eigenvalue == pytest.approx(2 / 3)
    assert found.condition_number == pytest.approx(5.0)
    assert "condition    5, smallest eigenvalue 0.6667, of the correlations that are drawn\n" in str(found)
    never = mvn_dask.MultivariateNormal([0.0, 0.0], [[0.0, 1.0], [1.0, 1.0]], method="eigh", check_valid="ignore")
    mvn_dask.to_zarr(never.sample(100, seed=1), tmp_path / "infinite")
    found = describe(tmp_path / "infinite")
    assert (found.grade, found.largest_variance_miss) == ("NOT ok", None)
    assert found.smallest_eigenvalue == pytest.approx(1 - 1 / np.sqrt(6))


def test_singular_and_derived_and_damaged(tmp_path: Path) -> None:
    normal = mvn_dask.MultivariateNormal([0.0, 0.0], [[1.0, 1.0], [1.0, 1.0]])
    mvn_dask.to_zarr(normal.sample(10, seed=1), tmp_path / "singular")
    found = describe(tmp_path / "singular")
    assert (found.condition_number, found.smallest_eigenvalue, found.grade) == (None, 0.0, "ok")
    assert "condition    infinite" in str(found)
    mvn_dask.to_zarr(normal.sample(10, seed=1) + 1.0, tmp_path / "derived")
    found = describe(tmp_path / "derived")
    assert (found.grade, found.largest_variance_miss, found.variances) == (None, None, "")
    (tmp_path / "singular" / ".mvn_dask" / "parameters" / "variances.npy").unlink()
    found = describe(tmp_path / "singular")
    assert found.grade is None
    assert found.variances.startswith("not known: ")
