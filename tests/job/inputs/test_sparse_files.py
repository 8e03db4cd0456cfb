from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse

from mvn_dask.errors import InvalidDistributionError
from mvn_dask.job.inputs.base import Origin
from mvn_dask.job.inputs.sparse_files import read_sparse

ORIGIN = Origin("job.toml", "cov", "a.npz")
MATRIX = scipy.sparse.csc_array([[4.0, 1.0], [1.0, 3.0]])


@pytest.mark.parametrize("form", ["csc", "csr", "coo", "dia", "bsr"])
@pytest.mark.parametrize("kind", [scipy.sparse.csc_array, scipy.sparse.csc_matrix])
def test_every_format(form: str, kind: Any, tmp_path: Path) -> None:
    scipy.sparse.save_npz(tmp_path / "a.npz", kind(MATRIX).asformat(form))
    found = read_sparse(ORIGIN, tmp_path / "a.npz")
    assert found.format == form
    np.testing.assert_array_equal(found.toarray(), MATRIX.toarray())


def test_other_files_are_left_to_others(tmp_path: Path) -> None:
    np.savez(tmp_path / "plain.npz", a=[1.0])
    np.save(tmp_path / "array.npy", [1.0])
    (tmp_path / "array.npy").rename(tmp_path / "array.npz")
    (tmp_path / "damaged.npz").write_bytes(b"PK\x03\x04")
    (tmp_path / "empty.npz").write_bytes(b"")
    for name in ("plain", "array", "damaged", "empty"):
        assert read_sparse(ORIGIN, tmp_path / f"{name}.npz") is None


@pytest.mark.parametrize(
    "arrays",
    [
        {"format": b"zzz", "shape": (2, 2)},
        {"format": b"csc", "shape": (2, 2)},
        {"format": b"csc", "shape": (2, 2), "indices": [0, 9], "indptr": [0, 9, 2]},
        {"format": b"csc", "shape": (-2, 2), "indices": [0, 1], "indptr": [0, 1, 2]},
        {"format": b"coo", "shape": (2, 2), "row": [0, 9], "col": [0, 1]},
        {"format": [object()], "shape": (2, 2)},
    ],
)
def test_damage(arrays: dict[str, Any], tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", data=[1.0, 2.0], **arrays)
    with pytest.raises(InvalidDistributionError, match=r"^job\.toml: distribution\.cov: a\.npz: ") as caught:
        read_sparse(ORIGIN, tmp_path / "a.npz")
    assert "\n" not in str(caught.value)
