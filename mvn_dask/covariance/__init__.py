"""Covariances: a structure a file, each with the factor that the workers apply."""

from mvn_dask.covariance.base import Covariance, Factor
from mvn_dask.covariance.conversion import as_covariance
from mvn_dask.covariance.correlations import from_correlation
from mvn_dask.covariance.dense import Dense
from mvn_dask.covariance.diagonal import Diagonal
from mvn_dask.covariance.matrix_factors import MatrixFactor
from mvn_dask.covariance.nearest_psd import nearest_psd
from mvn_dask.covariance.scaled import Scaled

__all__ = [
    "Covariance",
    "Dense",
    "Diagonal",
    "Factor",
    "MatrixFactor",
    "Scaled",
    "as_covariance",
    "from_correlation",
    "nearest_psd",
]


def __dir__() -> list[str]:
    return __all__
