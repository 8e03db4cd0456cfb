"""Covariances: a structure a file, each with the factor that the workers apply."""

from mvn_dask.covariance.banded import Banded
from mvn_dask.covariance.base import Covariance, Factor
from mvn_dask.covariance.block_diagonal import BlockDiagonal
from mvn_dask.covariance.circulant_factor import CirculantFactor
from mvn_dask.covariance.conversion import as_covariance
from mvn_dask.covariance.correlation_functions import CovarianceFunction, exponential, gaussian, matern, spherical
from mvn_dask.covariance.correlations import from_correlation
from mvn_dask.covariance.dense import Dense
from mvn_dask.covariance.diagonal import Diagonal
from mvn_dask.covariance.factored import Factored
from mvn_dask.covariance.kronecker import Kronecker
from mvn_dask.covariance.low_rank import LowRank
from mvn_dask.covariance.matrix_factors import MatrixFactor
from mvn_dask.covariance.nearest_psd import nearest_psd
from mvn_dask.covariance.precision import Precision
from mvn_dask.covariance.scaled import Scaled
from mvn_dask.covariance.sparse import Sparse
from mvn_dask.covariance.stationary_grid import StationaryGrid
from mvn_dask.covariance.toeplitz import Circulant, Toeplitz

__all__ = [
    "Banded", "BlockDiagonal", "Circulant", "CirculantFactor", "Covariance", "CovarianceFunction", "Dense",
    "Diagonal", "Factor", "Factored", "Kronecker", "LowRank", "MatrixFactor", "Precision", "Scaled", "Sparse",
    "StationaryGrid", "Toeplitz", "as_covariance", "exponential", "from_correlation", "gaussian", "matern",
    "nearest_psd", "spherical",
]  # fmt: skip


def __dir__() -> list[str]:
    return __all__
