"""Distributions: one a file, each a value that gives lazy samples."""

from mvn_dask.distribution.base import Distribution
from mvn_dask.distribution.gaussian_copula import GaussianCopula
from mvn_dask.distribution.multivariate_t import MultivariateT
from mvn_dask.distribution.normal import MultivariateNormal

__all__ = ["Distribution", "GaussianCopula", "MultivariateNormal", "MultivariateT"]
