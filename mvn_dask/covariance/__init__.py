"""Covariances: a structure a file, each with the factor that the workers apply."""

from mvn_dask.covariance.banded import Banded
from mvn_dask.covariance.base import Covariance, Factor
from mvn_dask.covariance.conversion import as_covariance
from mvn_dask.covariance.dense import Dense
from mvn_dask.covariance.diagonal import Diagonal
from mvn_dask.covariance.matrix_factors import MatrixFactor
from mvn_dask.covariance.precision import Precision
from mvn_dask.covariance.sparse import Sparse

__all__ = [
    "Banded",
    "Covariance",
    "Dense",
    "Diagonal",
    "Factor",
    "MatrixFactor",
    "Precision",
    "Sparse",
    "as_covariance",
]


def __dir__() -> list[str]:
    return __all__
