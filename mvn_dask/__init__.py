"""Multivariate-normal samples at any size: lazy Dask arrays, numpy's interface, durable Zarr stores."""

from mvn_dask import covariance, errors
from mvn_dask.distribution import MultivariateNormal
from mvn_dask.generator import Generator, default_rng, multivariate_normal
from mvn_dask.store import from_zarr, to_zarr
from mvn_dask.streams import stripe_height

__version__ = "0.1.0.dev0"

__all__ = [
    "Generator",
    "MultivariateNormal",
    "__version__",
    "covariance",
    "default_rng",
    "errors",
    "from_zarr",
    "multivariate_normal",
    "stripe_height",
    "to_zarr",
]
