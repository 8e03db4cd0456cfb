"""Distributions: one a file, each a value that gives lazy samples."""

from mvn_dask.distribution.base import Distribution
from mvn_dask.distribution.normal import MultivariateNormal

__all__ = ["Distribution", "MultivariateNormal"]
