"""What draws the rows of a Gaussian copula, and makes normal scores of them.

Input: a factor of correlations, marginals and tables of their quantiles. Output: rows, and scores of rows. Cost: that
of normal rows, and 2 ns a number; quantiles of scipy's own take 50 ns to 1 ms a number.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import Arrays, Float64Array, FloatArray
from mvn_dask.covariance import Factor
from mvn_dask.distribution.marginal_laws import Family
from mvn_dask.distribution.multivariate_t import zero_mean
from mvn_dask.distribution.normal_sampler import NormalSampler
from mvn_dask.distribution.quantile_tables import CELL_DENSITIES, POLYNOMIAL_TERMS, QuantileTables, cell_counts
from mvn_dask.distribution.reference_laws import normal_laws
from mvn_dask.distribution.score_tables import ScoreTable
from mvn_dask.errors import ArgumentError
from mvn_dask.readable import plural, short_repr
from mvn_dask.sampling import kernel
from mvn_dask.sampling.plan import Plan
from mvn_dask.sampling.sampler import Indices, ReferenceLaws, Sampler, ScoreLimits

KEPT_TABLES = 64
"""Tables of marginals that a process keeps for the next copula with one of them."""
_OWN_ARRAYS = {"table": np.int64, "location": np.float64, "scale": np.float64}


@dataclass(frozen=True, eq=False)
class GaussianCopulaSampler(Sampler):
    """Draws rows of a Gaussian copula."""

    kind: ClassVar[str] = "gaussian_copula"

    factor: Factor
    """A factor of the correlations, in the precision of the sample."""
    covariance: Mapping[str, Any]
    """The record of the correlations that were factorised."""
    families: tuple[Family, ...]
    """The different marginals, in their standard forms."""
    tables: QuantileTables
    """Their quantiles, and the marginal, the location and the scale of each variable."""
    exact: bool
    """Whether scipy was to compute every quantile."""

    def record(self) -> dict[str, Any]:
        densities = self.tables.densities.tolist()
        families = [{**each.record(), "cells": n} for each, n in zip(self.families, densities, strict=True)]
        own = {"kind": self.kind, "exact": self.exact, "marginals": families}
        return {**own, "covariance": dict(self.covariance), "factor": self.factor.record()}

    def parameters(self) -> dict[str, npt.NDArray[Any]]:
        tables = self.tables
        own = {"table": tables.table, "location": tables.locations, "scale": tables.scales}
        # Without a table, there is no number to keep.
        if tables.coefficients.size:
            own["quantiles"] = tables.coefficients
        return {**own, **{f"factor.{name}": array for name, array in self.factor.arrays().items()}}

    @classmethod
    def from_parameters(cls, record: Mapping[str, Any], parameters: Arrays) -> "GaussianCopulaSampler":
        if record.keys() != {"kind", "exact", "marginals", "covariance", "factor"}:
            raise ArgumentError(f"a Gaussian copula has other fields than {sorted(record)}")
        factor_arrays = {name: array for name, array in parameters.items() if name.startswith("factor.")}
        own = {name: array for name, array in parameters.items() if name not in factor_arrays}
        precisions = {array.dtype for array in factor_arrays.values() if array.dtype.kind == "f"}
        if len(precisions) != 1:
            raise ArgumentError(f"a Gaussian copula has a factor of {sorted(map(str, precisions))}")
        d = len(np.atleast_1d(own.get("table", 0)))
        arrays: Arrays = {"mean": np.zeros(d, precisions.pop()), "variances": np.ones(d), **factor_arrays}
        names = ("covariance", "factor")
        inner = {"kind": NormalSampler.kind, **{name: record[name] for name in names}}
        normal = NormalSampler.from_parameters(inner, arrays)
        families, densities = _families_of_record(record["marginals"])
        if type(record["exact"]) is not bool or (record["exact"] and densities.any()):
            raise ArgumentError(f"a Gaussian copula with tables cannot be exact: {short_repr(record['exact'])}")
        return cls(normal.factor, normal.covariance, families, _tables_of(densities, own, d), record["exact"])

    @property
    def dtype(self) -> np.dtype[np.floating[Any]]:
        return next(array.dtype for array in self.factor.arrays().values() if array.dtype.kind == "f")

    def draw(self, plan: Plan, start: int, stop: int) -> FloatArray:
        rows = kernel.draw_rows(self.factor, zero_mean(plan.ndim, plan.dtype), plan, start, stop)
        if len(rows):
            self.tables.apply(rows)
            for number in np.flatnonzero(self.tables.densities == 0):
                (columns,) = np.nonzero(self.tables.table == number)
                found = self.families[number].exact(rows[:, columns].astype(np.float64))
                rows[:, columns] = found * self.tables.scales[columns] + self.tables.locations[columns]
        return rows

    def mean(self) -> Float64Array:
        """The medians: a marginal may have no mean."""
        medians = np.array([each.exact(np.zeros(1))[0] for each in self.families])
        return np.asarray(medians[self.tables.table] * self.tables.scales + self.tables.locations)

    def requested_variances(self) -> Float64Array:
        """Those of normal scores."""
        return np.ones(self.ndim)

    def squared_distances(self, x: FloatArray) -> Float64Array:
        """Those of rows of normal scores."""
        white = self.whiten(self.scores(x, np.arange(self.ndim)))
        return np.asarray(np.einsum("ij,ij->i", white, white))

    def scores(self, x: FloatArray, columns: Indices) -> Float64Array:
        found = np.subtract(x, self.tables.locations[columns], dtype=np.float64)
        found /= self.tables.scales[columns]
        table = self.tables.table[columns]
        for number in np.unique(table):
            own = slice(None) if len(self.families) == 1 else table == number
            found[:, own] = self._score_tables[number].scores(found[:, own])
        return found

    def score_limits(self, columns: Indices, eps: float) -> ScoreLimits:
        table = self.tables.table[columns]
        offsets = np.abs(self.tables.locations[columns]) / self.tables.scales[columns]
        found = [np.empty(len(columns)) for _ in range(3)]
        for number in np.unique(table):
            own = table == number
            limits = self._score_tables[number].limits(offsets[own], eps)
            for values, those in zip(found, (limits.rounding, limits.low, limits.high), strict=True):
                values[own] = those
        return ScoreLimits(*found)

    @cached_property
    def _score_tables(self) -> tuple[ScoreTable, ...]:
        return tuple(map(_score_table_of, self.families))

    def __getstate__(self) -> dict[str, Any]:
        # What can be made again does not travel.
        return {name: value for name, value in self.__dict__.items() if not name.startswith("_")}

    def laws(self) -> ReferenceLaws:
        """Those of normal rows, for normal scores."""
        return normal_laws(self.rank, of_scores=True)


def _families_of_record(found: object) -> tuple[tuple[Family, ...], npt.NDArray[np.int64]]:
    """Marginals, and cells for each unit of their tables, of a record that may be hostile."""
    if not isinstance(found, list) or not found:
        raise ArgumentError(f"a Gaussian copula has no marginals {short_repr(found)}")
    families, densities = [], []
    for each in found:
        if not isinstance(each, Mapping) or each.keys() != {"name", "shapes", "cells"}:
            raise ArgumentError(f"{short_repr(each)} is no record of a marginal")
        if type(each["cells"]) is not int or each["cells"] not in {0, *CELL_DENSITIES}:
            raise ArgumentError(f"no table has {short_repr(each['cells'])} cells a unit")
        families.append(Family.of_record(each))
        densities.append(each["cells"])
    if len(set(families)) < len(families):
        raise ArgumentError("a marginal stands twice among those of a Gaussian copula")
    return tuple(families), np.array(densities, np.int64)


def _tables_of(densities: npt.NDArray[np.int64], own: Arrays, ndim: int) -> QuantileTables:
    """Tables of parameter arrays, which may be hostile: every index is checked."""
    cells = int(cell_counts(densities).sum())
    expected: dict[str, tuple[tuple[int, ...], np.dtype[Any]]] = {
        name: ((ndim,), np.dtype(kind)) for name, kind in _OWN_ARRAYS.items()
    }
    if cells:
        expected["quantiles"] = ((cells, POLYNOMIAL_TERMS), np.dtype(np.float64))
    if {name: (array.shape, array.dtype) for name, array in own.items()} != expected:
        seen = {name: (array.shape, str(array.dtype)) for name, array in own.items()}
        raise ArgumentError(f"a Gaussian copula of {plural(ndim, 'variable')} has other arrays than {seen}")
    table, scale = own["table"], own["scale"]
    if set(np.unique(table).tolist()) != set(range(len(densities))):
        raise ArgumentError(f"variables must have the {plural(len(densities), 'marginal')}, and refer to others")
    if not (np.isfinite(own["location"]).all() and np.isfinite(scale).all() and (scale > 0).all()):
        raise ArgumentError("locations must be finite, and scales positive")
    return QuantileTables(
        densities, own.get("quantiles", np.empty((0, POLYNOMIAL_TERMS))), table, own["location"], scale
    )


@lru_cache(KEPT_TABLES)
def _score_table_of(family: Family) -> ScoreTable:
    # By scipy, not by the tables that rows are drawn with: a report is to find where these are wrong.
    return ScoreTable.of(family.quantile() or family.exact)
