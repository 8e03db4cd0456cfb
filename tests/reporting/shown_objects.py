"""Objects of all families that show themselves in notebooks, with names that are hard to show."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import dask.array as da
import numpy as np
import scipy.sparse

import mvn_dask
from mvn_dask import covariance, statistics
from mvn_dask.maintenance.verify import Verification
from tests.support.statuses import status_of

NAMES = ["<b>oil</b>", "a name that is much too long for any table or picture of a notebook", "سعر", "d"]
CORRELATION = np.eye(4) * 0.1 + 0.9
LOADINGS = np.random.default_rng(1).standard_normal((40, 6))


def shown_objects() -> Mapping[str, Any]:
    """By what they are."""
    normal = mvn_dask.MultivariateNormal([0.0, 1e9, -1e-9, 3.0], CORRELATION, names=NAMES)
    many = mvn_dask.MultivariateNormal(np.zeros(40), LOADINGS @ LOADINGS.T + np.eye(40))
    mvn_dask.to_zarr(x := normal.sample(2000, seed=1, chunks=500), "memory://shown")
    mvn_dask.to_zarr(da.exp(normal.sample(2000, seed=1)[:, 2:]), "memory://shown-derived")
    sound = mvn_dask.verify("memory://shown", level="values")
    assert isinstance(sound, Verification)
    faulty = replace(
        sound,
        chunks=1000,
        bad={(number, 0): "its checksum differs from that of the manifest, " * 3 for number in range(30)},
        faults={"samples/zarr.json": "missing"},
        unknown_files=("a file with a long name that nobody knows the meaning of.tmp",),
    )
    return {
        "normal": normal,
        "many variables": many,
        "field": mvn_dask.MultivariateNormal(0.0, covariance.StationaryGrid(covariance.exponential(5.0), (30, 40))),
        "t": mvn_dask.MultivariateT(np.zeros(4), CORRELATION, df=3.5, names=NAMES),
        **{f"covariance {name}": each for name, each in covariances().items()},
        "factor": covariances()["low rank"].factorize(),
        "status": mvn_dask.status("memory://shown"),
        "half a store": status_of(1234, 98_765, rate=3e8),
        "verification": sound,
        "faulty": faulty,
        "report": mvn_dask.report("memory://shown"),
        "derived report": mvn_dask.report("memory://shown-derived"),
        **{f"estimate {name}": each for name, each in estimates(x).items()},
    }


def covariances() -> dict[str, covariance.Covariance]:
    """One of each structure."""
    band = [[0.5] * 40, [1.25] * 40]
    return {
        "dense": covariance.Dense(CORRELATION, names=NAMES),
        "diagonal": covariance.Diagonal([1.0, 2.0, 3.0, 4.0], names=NAMES),
        "factored": covariance.Factored(LOADINGS),
        "low rank": covariance.LowRank(LOADINGS, 1.0),
        "kronecker": covariance.Kronecker(CORRELATION, covariance.Toeplitz(0.5 ** np.arange(20))),
        "blocks": covariance.BlockDiagonal(*[CORRELATION] * 9),
        "banded": covariance.Banded(band),
        "precision": covariance.Precision(np.linalg.inv(CORRELATION), names=NAMES),
        "sparse": covariance.Sparse(scipy.sparse.diags_array([0.4, 1.0, 0.4], offsets=[-1, 0, 1], shape=(40, 40))),
        "grid": covariance.StationaryGrid(covariance.exponential(5.0), (30, 40)),
        "toeplitz": covariance.Toeplitz(0.9 ** np.arange(100)),
        "circulant": covariance.Circulant([1.0, 0.5, 0.1, 0.5]),
        "scaled": covariance.Scaled(covariance.LowRank(LOADINGS, 1.0), np.ones(40)),
    }


def estimates(x: da.Array) -> dict[str, Any]:
    """One of each statistic."""
    asked: dict[str, Any] = {
        "mean": statistics.Mean(),
        "moments": statistics.Moments(),
        "mean and covariance": statistics.MeanAndCovariance(),
        "correlation": statistics.Correlation(),
        "probability": statistics.Probability(lambda rows: rows[:, 0] > 1.0),
        "histogram": statistics.Histogram(np.linspace(-3.0, 3.0, 31)),
        "extremes": statistics.Extremes(4),
        "quantile": statistics.Quantile([0.5, 0.99, 0.9999]),
        "value at risk": statistics.ValueAtRisk(0.99),
        "shortfall": statistics.ExpectedShortfall(0.99),
    }
    return {name: mvn_dask.estimate(x, statistic) for name, statistic in asked.items()}
