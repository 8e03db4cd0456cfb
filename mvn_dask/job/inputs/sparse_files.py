"""Sparse matrices in .npz files, as `scipy.sparse.save_npz` writes them. Pickled objects are never loaded.

Input: a path. Output: a matrix of scipy, as it was stored; what is wrong in it is found by those who take it. Cost:
reading.
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
    import scipy.sparse

    return loaded(origin, lambda: scipy.sparse.load_npz(path))
