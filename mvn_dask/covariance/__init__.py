"""Covariances: a structure a file, each with the factor that the workers apply."""

from mvn_dask.covariance.banded import Banded
from mvn_dask.covariance.base import Covariance, Factor
from mvn_dask.covariance.block_diagonal import BlockDiagonal
from mvn_dask.covariance.conversion import as_covariance
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

__all__ = [
    "Banded", "BlockDiagonal", "Covariance", "Dense", "Diagonal", "Factor", "Factored", "Kronecker", "LowRank",
    "MatrixFactor", "Precision", "Scaled", "as_covariance", "from_correlation", "nearest_psd",
]  # fmt: skip


def __dir__() -> list[str]:
    return __all__
