"""Multivariate-normal samples at any size: lazy Dask arrays, numpy's interface, durable Zarr stores.

====================  ==========================================================================================
Draw                  `default_rng`, `Generator` and `multivariate_normal` as in numpy; `MultivariateNormal`,
                      `MultivariateT` and `GaussianCopula`, whose ``sample`` depends on its arguments alone
Covariances           `covariance`: structures that take no matrix, `covariance.nearest_psd`
Numbers               `estimate`, `estimate_until`, `combine`, and what is estimated: `statistics`
Stores                `to_zarr`, `from_zarr`, `to_xarray`; `status`, `verify`, `repair`, `extend`, `replay`
Look                  `report`, `plot`
Jobs                  `Job`, and the command ``mvn-dask``
====================  ==========================================================================================

Examples
--------
>>> import mvn_dask
>>> rng = mvn_dask.default_rng(42)
>>> x = rng.multivariate_normal([0.0, 1.0], [[2.0, 1.0], [1.0, 2.0]], size=10**9)
>>> x[:1_000_000].mean(axis=0).compute().round(2)
array([0., 1.])
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mvn_dask import covariance, errors, plot, statistics
    from mvn_dask.distribution import GaussianCopula, MultivariateNormal, MultivariateT
    from mvn_dask.estimation.combination import combine
    from mvn_dask.estimation.estimate import estimate
    from mvn_dask.estimation.estimate_until import estimate_until
    from mvn_dask.estimation.sequential_run import SequentialEstimate
    from mvn_dask.generator import Generator, default_rng, multivariate_normal
    from mvn_dask.job.job import Job
    from mvn_dask.maintenance.extend import Extension, extend
    from mvn_dask.maintenance.from_zarr import from_zarr
    from mvn_dask.maintenance.repair import Repair, repair
    from mvn_dask.maintenance.store_replay import replay
    from mvn_dask.maintenance.verify import Verification, verify
    from mvn_dask.random.streams import stripe_height
    from mvn_dask.reporting.report import Report, report
    from mvn_dask.store.labelling import to_xarray
    from mvn_dask.store.status import Status, status
    from mvn_dask.store.writing import to_zarr

__version__ = "0.1.0"

__all__ = [
    "Extension",
    "GaussianCopula",
    "Generator",
    "Job",
    "MultivariateNormal",
    "MultivariateT",
    "Repair",
    "Report",
    "SequentialEstimate",
    "Status",
    "Verification",
    "__version__",
    "combine",
    "covariance",
    "default_rng",
    "errors",
    "estimate",
    "estimate_until",
    "extend",
    "from_zarr",
    "multivariate_normal",
    "plot",
    "repair",
    "replay",
    "report",
    "statistics",
    "status",
    "stripe_height",
    "to_xarray",
    "to_zarr",
    "verify",
]

# dask, zarr and scipy take a second to import: each comes with the first name that needs it.
_MODULES = {
    "distribution": ["GaussianCopula", "MultivariateNormal", "MultivariateT"],
    "estimation.combination": ["combine"],
    "estimation.estimate": ["estimate"],
    "estimation.estimate_until": ["estimate_until"],
    "estimation.sequential_run": ["SequentialEstimate"],
    "generator": ["Generator", "default_rng", "multivariate_normal"],
    "job.job": ["Job"],
    "reporting.report": ["Report", "report"],
    "store.labelling": ["to_xarray"],
    "store.status": ["Status", "status"],
    "store.writing": ["to_zarr"],
    "random.streams": ["stripe_height"],
    "maintenance.extend": ["Extension", "extend"],
    "maintenance.from_zarr": ["from_zarr"],
    "maintenance.repair": ["Repair", "repair"],
    "maintenance.store_replay": ["replay"],
    "maintenance.verify": ["Verification", "verify"],
}
_MODULE_OF = {name: f"{__name__}.{module}" for module, names in _MODULES.items() for name in names}


if not TYPE_CHECKING:  # with it, every name would exist for type checkers

    def __getattr__(name: str) -> object:
        from importlib import import_module

        if name in {"covariance", "errors", "plot", "statistics"}:
            return import_module(f"{__name__}.{name}")
        if name not in _MODULE_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value: object = getattr(import_module(_MODULE_OF[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return __all__
