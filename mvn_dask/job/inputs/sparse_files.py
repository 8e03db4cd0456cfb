"""Sparse matrices in .npz files, as `scipy.sparse.save_npz` writes them. Pickled objects are never loaded.

Input: a path. Output: a matrix of scipy, as it was stored, whose indices lie in it. Cost: reading.
"""

from pathlib import Path
from typing import Any

import numpy as np

from mvn_dask.job.inputs.base import Origin
from mvn_dask.job.inputs.numpy_files import loaded

_PARTS = {"format", "shape", "data"}
"""Arrays that every such file holds, whatever its format."""


def read_sparse(origin: Origin, path: Path) -> Any:
    """The sparse matrix in a .npz file; None if it holds plain arrays, or is damaged.

    Raises InvalidDistributionError if its arrays do not make the matrix that they should.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            if not set(archive.files) >= _PARTS:
                return None
    except Exception:  # noqa: BLE001 whatever a damaged file raises is said by those who read arrays
        return None
    return loaded(origin, lambda: _checked(path))


def _checked(path: Path) -> Any:
    """The matrix, whose indices are looked at: compiled code of scipy follows them without looking."""
    import scipy.sparse

    found = scipy.sparse.load_npz(path)
    if hasattr(found, "check_format"):
        found.check_format(full_check=True)
    return found
