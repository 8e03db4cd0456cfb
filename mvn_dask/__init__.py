"""Multivariate-normal samples at any size: lazy Dask arrays, numpy's interface, durable Zarr stores."""

from mvn_dask import covariance, errors
from mvn_dask.distribution import MultivariateNormal
from mvn_dask.generator import Generator, default_rng, multivariate_normal
from mvn_dask.store import Status, Verification, from_zarr, status, to_xarray, to_zarr
from mvn_dask.streams import stripe_height
from mvn_dask.upkeep import Extension, Repair, extend, repair, verify

__version__ = "0.1.0.dev0"

__all__ = [
    "Extension",
    "Generator",
    "MultivariateNormal",
    "Repair",
    "Status",
    "Verification",
    "__version__",
    "covariance",
    "default_rng",
    "errors",
    "extend",
    "from_zarr",
    "multivariate_normal",
    "repair",
    "status",
    "stripe_height",
    "to_xarray",
    "to_zarr",
    "verify",
]
