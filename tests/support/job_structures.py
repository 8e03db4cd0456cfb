"""A covariance of every structure, as the table of a job and as the object of Python."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse

from mvn_dask import covariance as c
from mvn_dask.covariance import Covariance

MATRIX = np.array([[4.0, 1.0, 0.5], [1.0, 9.0, -2.0], [0.5, -2.0, 3.0]])
CORRELATION = np.array([[1.0, 0.5, 0.1], [0.5, 1.0, -0.3], [0.1, -0.3, 1.0]])
LOADINGS = np.array([[1.0], [2.0], [0.5]])
BANDS = np.array([[4.0, 4.0, 4.0], [-1.0, -1.0, np.nan]])
COLUMN = np.array([2.0, 1.0, 0.25, 0.125])
CIRCLE = np.array([2.0, 1.0, 0.0, 1.0])
SPARSE = scipy.sparse.csc_array(scipy.sparse.diags_array([-1.0, 4.0, -1.0], offsets=[-1, 0, 1], shape=(6, 6)))


def hyperbola(distances: Any) -> Any:
    """A covariance function, which is imported by its name."""
    return 1.0 / (1.0 + np.asarray(distances))


def put_files(folder: Path) -> None:
    """The files that the tables name."""
    for name, array in {
        "matrix": MATRIX, "correlation": CORRELATION, "loadings": LOADINGS, "bands": BANDS, "column": COLUMN,
    }.items():  # fmt: skip
        np.save(folder / f"{name}.npy", array)
    np.savez(folder / "many.npz", matrix=MATRIX, variances=[1.0, 2.0, 3.0], std=[1.0, 2.0, 3.0], members=MATRIX)
    scipy.sparse.save_npz(folder / "sparse.npz", SPARSE)
    np.savetxt(folder / "loadings.csv", LOADINGS, delimiter=",")


@dataclass(frozen=True)
class Structure:
    """A covariance in both forms."""

    table: Any
    """The value of `cov` in a job."""
    make: Callable[[], Any]
    """The same in Python: a covariance, or what `MultivariateNormal` takes."""
    whitens: bool = True
    """Whether its factor is cheap to invert."""
    rank: int | None = None
    """Rank of the factor, where it is not the number of variables."""


STRUCTURES: Mapping[str, Structure] = {
    "dense": Structure(
        {"kind": "dense", "matrix": "matrix.npy", "method": "eigh"}, lambda: c.Dense(MATRIX, method="eigh")
    ),
    "diagonal": Structure({"kind": "diagonal", "variances": [4, 9]}, lambda: c.Diagonal([4.0, 9.0])),
    "factored": Structure(
        {"kind": "factored", "matrix": [[2, 0], [1, 1], [0, 3]]},
        lambda: c.Factored([[2.0, 0.0], [1.0, 1.0], [0.0, 3.0]]),
        rank=2,
    ),
    "factored column": Structure({"kind": "factored", "matrix": "loadings.csv"}, lambda: c.Factored(LOADINGS), rank=1),
    "low-rank": Structure(
        {"kind": "low-rank", "loadings": "loadings.npy", "variances": "many.npz"},
        lambda: c.LowRank(LOADINGS, [1.0, 2.0, 3.0]),
    ),
    "low-rank with one variance": Structure(
        {"kind": "low-rank", "loadings": "loadings.csv", "variances": 0.5}, lambda: c.LowRank(LOADINGS, 0.5)
    ),
    "from-correlation": Structure(
        {"kind": "from-correlation", "correlation": "correlation.npy", "std": [1, 2, 3]},
        lambda: c.from_correlation(CORRELATION, [1.0, 2.0, 3.0]),
    ),
    "scaled": Structure(
        {"kind": "scaled", "covariance": {"kind": "toeplitz", "first_column": "column.npy"}, "std": [1, 2, 3, 4]},
        lambda: c.Scaled(c.Toeplitz(COLUMN), [1.0, 2.0, 3.0, 4.0]),
        whitens=False,
    ),
    "scaled file": Structure(
        {"kind": "scaled", "covariance": "correlation.npy", "std": {"path": "many.npz", "key": "std"}},
        lambda: c.Scaled(CORRELATION, [1.0, 2.0, 3.0]),
    ),
    "scaled number": Structure({"kind": "scaled", "covariance": 2, "std": [1, 3]}, lambda: c.Scaled(2.0, [1.0, 3.0])),
    "kronecker": Structure(
        {"kind": "kronecker", "members": ["many.npz", {"kind": "diagonal", "variances": [1, 2]}, 2.5]},
        lambda: c.Kronecker(MATRIX, c.Diagonal([1.0, 2.0]), 2.5),
    ),
    "block-diagonal": Structure(
        {
            "kind": "block-diagonal",
            "members": [
                [[2, 1], [1, 2]],
                "sparse.npz",
                {"kind": "kronecker", "members": [[1, 4], {"kind": "factored", "matrix": "loadings.npy"}]},
            ],
        },
        lambda: c.BlockDiagonal(
            [[2.0, 1.0], [1.0, 2.0]], c.Sparse(SPARSE), c.Kronecker([1.0, 4.0], c.Factored(LOADINGS))
        ),
        rank=10,
    ),
    "banded": Structure({"kind": "banded", "bands": "bands.npy", "lower": True}, lambda: c.Banded(BANDS, lower=True)),
    "precision": Structure({"kind": "precision", "precision": "matrix.npy"}, lambda: c.Precision(MATRIX)),
    "precision of bands": Structure(
        {"kind": "precision", "precision": {"kind": "banded", "bands": [[4, 4, 4], [-1, -1, 0]], "lower": True}},
        lambda: c.Precision(c.Banded(BANDS, lower=True)),
    ),
    "intrinsic precision": Structure(
        {"kind": "precision", "precision": [[1, -1, 0], [-1, 2, -1], [0, -1, 1]], "singular": "project"},
        lambda: c.Precision([[1.0, -1.0, 0.0], [-1.0, 2.0, -1.0], [0.0, -1.0, 1.0]], singular="project"),
    ),
    "precision with its null space": Structure(
        {
            "kind": "precision",
            "precision": {"kind": "banded", "bands": [[1, 2, 1], [-1, -1, 0]], "lower": True},
            "singular": "project",
            "null_space": [[1], [1], [1]],
        },
        lambda: c.Precision(
            c.Banded([[1.0, 2.0, 1.0], [-1.0, -1.0, 0.0]], lower=True), singular="project", null_space=[1.0, 1.0, 1.0]
        ),
    ),
    "sparse precision": Structure({"kind": "precision", "precision": "sparse.npz"}, lambda: c.Precision(SPARSE)),
    "sparse": Structure(
        {"kind": "sparse", "matrix": "sparse.npz", "ordering": "natural"}, lambda: c.Sparse(SPARSE, ordering="natural")
    ),
    "sparse file": Structure("sparse.npz", lambda: SPARSE),
    "stationary-grid": Structure(
        {
            "kind": "stationary-grid",
            "function": {"name": "matern", "length": 2.0, "nu": 1.5},
            "shape": [4, 5],
            "spacing": [1, 2],
            "padding": 20,
        },
        lambda: c.StationaryGrid(c.matern(2.0, nu=1.5), (4, 5), (1.0, 2.0), padding=20),
        whitens=False,
    ),
    "stationary-grid, approximate": Structure(
        {
            "kind": "stationary-grid",
            "function": {"name": "gaussian", "length": 5.0},
            "shape": [4, 5],
            "approximate": True,
        },
        lambda: c.StationaryGrid(c.gaussian(5.0), (4, 5), approximate=True),
        whitens=False,
    ),
    "stationary-grid of one's own": Structure(
        {"kind": "stationary-grid", "function": f"{__name__}:hyperbola", "shape": 9},
        lambda: c.StationaryGrid(hyperbola, 9),
        whitens=False,
    ),
    "toeplitz": Structure(
        {"kind": "toeplitz", "first_column": "column.npy"}, lambda: c.Toeplitz(COLUMN), whitens=False
    ),
    "circulant": Structure(
        {"kind": "circulant", "first_column": [2, 1, 0, 1]}, lambda: c.Circulant(CIRCLE), whitens=False, rank=3
    ),
}
"""Every kind, some of them with other arguments as well."""


def made(structure: Structure) -> Covariance:
    """The covariance in Python."""
    found = structure.make()
    return found if isinstance(found, Covariance) else c.as_covariance(found, 1)
