"""Covariances: a structure a file, each with the factor that the workers apply."""

from mvn_dask.covariance.base import Covariance, Factor
from mvn_dask.covariance.circulant_factor import CirculantFactor
from mvn_dask.covariance.conversion import as_covariance
from mvn_dask.covariance.correlation_functions import CovarianceFunction, exponential, gaussian, matern, spherical
from mvn_dask.covariance.dense import Dense
from mvn_dask.covariance.diagonal import Diagonal
from mvn_dask.covariance.matrix_factors import MatrixFactor
from mvn_dask.covariance.stationary_grid import StationaryGrid
from mvn_dask.covariance.toeplitz import Circulant, Toeplitz

__all__ = [
    "Circulant", "CirculantFactor", "Covariance", "CovarianceFunction", "Dense", "Diagonal", "Factor", "MatrixFactor",
    "StationaryGrid", "Toeplitz", "as_covariance", "exponential", "gaussian", "matern", "spherical",
]  # fmt: skip


def __dir__() -> list[str]:
    return __all__
