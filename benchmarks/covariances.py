"""Structured covariances beside what their fields use: scipy's distributions, solvers and transforms, and GSTools.

One thread. Every line is a row, normals included, of a sample into memory that the task keeps.
"""

import time
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any

import numpy as np
import scipy.fft
import scipy.linalg
import scipy.sparse
import scipy.sparse.linalg
import scipy.stats
from threadpoolctl import threadpool_limits

from benchmarks.timing import Row, best_in_turn
from mvn_dask import covariance
from mvn_dask.execution.block_memory import memory_kept
from mvn_dask.random.streams import as_root
from mvn_dask.sampling import kernel
from mvn_dask.sampling.plan import Plan

Draw = Callable[[], object]


def measure(small: bool) -> list[Row]:
    with threadpool_limits(1), memory_kept():
        return [*_scipy(small), _low_rank(small), _kronecker(small), *_banded(small), *_field(small), _sparse(small)]


def _ours(cov: covariance.Covariance, n: int) -> Draw:
    factor, plan = cov.factorize(), Plan((n,), cov.ndim, cov.factorize().noise_ndim, "float64", as_root(1), (n,))
    mean = np.zeros(cov.ndim)
    return lambda: kernel.draw_rows(factor, mean, plan, 0, n)


def _row(what: str, ours: Draw, others: Mapping[str, Draw], n: int, rounds: int) -> Row:
    for action in (ours, *others.values()):
        action()
    best = best_in_turn({"ours": ours, **others}, rounds)
    relative = ", ".join(f"{name} {best[name] / best['ours']:.2f}×" for name in others)
    return Row(what, 1e3 * best["ours"] / n, "ms a row", relative)


def _scipy(small: bool) -> list[Row]:
    """Each constructor of `scipy.stats.Covariance`, and the structure that it would be here."""
    d, n = (50, 64) if small else (1000, 2048)
    matrix = np.exp(-np.abs(np.subtract.outer(np.arange(d), np.arange(d))) / 20.0)
    values, vectors = np.linalg.eigh(matrix)
    given: dict[str, Any] = {
        "from_cholesky": scipy.stats.Covariance.from_cholesky(np.linalg.cholesky(matrix)),
        "from_precision": scipy.stats.Covariance.from_precision(np.linalg.inv(matrix)),
        "from_eigendecomposition": scipy.stats.Covariance.from_eigendecomposition((values, vectors)),
        "from_diagonal": scipy.stats.Covariance.from_diagonal(np.diagonal(matrix)),
    }
    generator = np.random.default_rng(1)
    rows = []
    for name, each in given.items():
        frozen = scipy.stats.multivariate_normal(np.zeros(d), each)
        draw = _ours(covariance.as_covariance(each, d), n)
        scipys = {"scipy's rvs": lambda frozen=frozen: frozen.rvs(n, random_state=generator)}
        rows.append(_row(f"scipy {name}, d = {d}", draw, scipys, n, 1 if small else 5))
    return rows


def _low_rank(small: bool) -> Row:
    d, k, n = (1000, 5, 8) if small else (100_000, 100, 32)
    rng = np.random.default_rng(1)
    loadings, own = rng.standard_normal((d, k)), np.ones(d)
    generator, root = np.random.Generator(np.random.SFC64(1)), np.sqrt(own)

    def numpys() -> object:
        common = generator.standard_normal((n, k)) @ loadings.T
        return common + generator.standard_normal((n, d)) * root

    others: dict[str, Draw] = {"numpy's matmul": numpys}
    return _row(f"LowRank, {d} x {k}", _ours(covariance.LowRank(loadings, own), n), others, n, 1 if small else 5)


def _kronecker(small: bool) -> Row:
    size, n = (20, 4) if small else (500, 4)
    factors = [np.linalg.cholesky(np.exp(-np.abs(np.subtract.outer(range(size), range(size))) / s)) for s in (5.0, 9.0)]
    cov = covariance.Kronecker(*(covariance.Factored(factor) for factor in factors))
    generator = np.random.Generator(np.random.SFC64(1))
    others: dict[str, Draw] = {
        "numpy's products": lambda: factors[0] @ generator.standard_normal((n, size, size)) @ factors[1].T
    }
    return _row(f"Kronecker, {size} x {size}", _ours(cov, n), others, n, 1 if small else 5)


def _banded(small: bool) -> list[Row]:
    d, n = (10_000, 2) if small else (1_000_000, 2)
    bands = np.array([[0.05], [0.1], [0.2], [0.4], [1.0]]) * np.ones(d)
    upper = scipy.linalg.cholesky_banded(bands)
    generator = np.random.Generator(np.random.SFC64(1))

    def solved() -> object:
        return scipy.linalg.solve_banded((0, 4), upper, generator.standard_normal((n, d)).T)

    normals = {"numpy's normals alone": lambda: generator.standard_normal((n, d))}
    solve: dict[str, Draw] = {"scipy's solve_banded": solved}
    rounds = 1 if small else 5
    cov = covariance.Banded(bands)
    return [
        _row(f"Banded, {d} x 5", _ours(cov, n), normals, n, rounds),
        _row(f"Precision of bands, {d} x 5", _ours(covariance.Precision(cov), n), solve, n, rounds),
    ]


def _field(small: bool) -> list[Row]:
    return [_field_of(side, 1 if small else 5) for side in ((64,) if small else (256, 1024))]


def _field_of(side: int, rounds: int) -> Row:
    cov, n = covariance.StationaryGrid(covariance.exponential(5.0), (side, side)), max(1, 2**20 // side**2)
    generator = np.random.Generator(np.random.SFC64(1))

    def transformed() -> object:
        spectrum = scipy.fft.rfftn(generator.standard_normal((n, 2 * side, 2 * side)), axes=(1, 2))
        return spectrum.real[:, :side, :side] - spectrum.imag[:, :side, :side]

    others: dict[str, Draw] = {"numpy's normals and scipy's transform": transformed}
    if find_spec("gstools") is not None:
        others["GSTools"] = _gstools(side, n)
    return _row(f"StationaryGrid, {side} x {side}", _ours(cov, n), others, n, rounds)


def _gstools(side: int, n: int) -> Draw:
    import gstools  # type: ignore[import-not-found]

    field = gstools.SRF(gstools.Exponential(dim=2, var=1.0, len_scale=5.0))
    axis = np.arange(float(side))
    return lambda: [field.structured([axis, axis], seed=seed) for seed in range(n)]


def _sparse(small: bool) -> Row:
    side, n = (30, 4) if small else (300, 64)
    line = scipy.sparse.diags_array([-1.0, 2.0, -1.0], offsets=[-1, 0, 1], shape=(side, side))
    precision = scipy.sparse.csc_array(scipy.sparse.kronsum(line, line) + 0.1 * scipy.sparse.eye_array(side**2))
    begin = time.perf_counter()
    draw = _ours(covariance.Precision(precision), n)
    seconds = time.perf_counter() - begin
    solver = scipy.sparse.linalg.splu(precision, permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True})
    generator = np.random.Generator(np.random.SFC64(1))
    others: dict[str, Draw] = {
        # Both halves of the solution: SuperLU gives no triangle alone.
        "half of SuperLU's solution": lambda: solver.solve(generator.standard_normal((n // 2, side**2)).T)
    }
    row = _row(f"Precision of a grid, {side} x {side}", draw, others, n, 1 if small else 5)
    return Row(row.what, row.value, row.unit, f"{row.against}; order and factor {seconds:.2f} s")
