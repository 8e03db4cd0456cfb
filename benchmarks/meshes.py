"""Sparse precisions beside SuperLU, CHOLMOD, R's spam and METIS; one thread, but for the factorisation itself."""

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy.sparse
import scipy.sparse.linalg
from scipy.spatial import Delaunay

from benchmarks.other_processes import OtherProcesses
from benchmarks.structures import Draw, drawer, measured
from benchmarks.timing import Row, at_least, at_most
from mvn_dask import covariance
from mvn_dask.covariance.sparse_factor import SparsePrecisionFactor
from mvn_dask.covariance.symbolic import Pattern, count_entries

SHIFT = 0.1
"""What is added to the diagonal of a grid's precision."""


def measure(small: bool, others: OtherProcesses) -> Iterator[Row]:
    yield from _grid_of_peers(30 if small else 300, 4 if small else 64, 1 if small else 5, others)
    if not small:
        yield from _large_grid(1000)
    yield _mesh(500 if small else 100_000, others)


def _grid(side: int) -> Any:
    line = scipy.sparse.diags_array([-1.0, 2.0, -1.0], offsets=[-1, 0, 1], shape=(side, side))
    return scipy.sparse.csc_array(scipy.sparse.kronsum(line, line) + SHIFT * scipy.sparse.eye_array(side**2))


def _factorized(precision: Any) -> tuple[covariance.Precision, float, float]:
    """A precision that is factorised, the seconds that it took, and the entries of its factor."""
    cov = covariance.Precision(precision)
    begin = time.process_time()
    factor = cov.factorize()
    assert isinstance(factor, SparsePrecisionFactor)
    return cov, time.process_time() - begin, len(factor.entries)


def _grid_of_peers(side: int, n: int, rounds: int, others: OtherProcesses) -> Iterator[Row]:
    precision = _grid(side)
    # What is compiled is compiled here.
    _factorized(precision)
    cov, seconds, entries = _factorized(precision)
    solver = scipy.sparse.linalg.splu(precision, permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True})
    generator = np.random.Generator(np.random.SFC64(1))
    superlu: dict[str, Draw] = {
        # Both halves of the solution: SuperLU gives no triangle alone.
        "half of SuperLU's solution": lambda: solver.solve(generator.standard_normal((n // 2, side**2)).T)
    }
    found = measured(drawer(cov, n), superlu, n, rounds)
    task = {"side": side, "rows": n, "shift": SHIFT}
    spam, cholmod = others.ask("spam", **task), others.ask("sksparse_minimal", **task)
    rows, factors, target = [], [f"{entries} entries, SuperLU's {solver.L.nnz}"], ""
    if spam is not None:
        rows += [f"spam {spam['seconds'] / n / found.ours:.3g}×", f"rmvnorm.prec {spam['whole'] / n / found.ours:.3g}×"]
        factors.append(f"spam's {spam['entries']}, {spam['factor'] / seconds:.2f}×")
        target = at_least(2.0, spam["seconds"] / n / found.ours, "× spam")
    if cholmod is not None:
        rows.append(f"CHOLMOD {cholmod['seconds'] / n / found.ours:.3g}×")
        factors.append(f"CHOLMOD {cholmod['factor'] / seconds:.2f}×")
    name = f"Precision of a grid, {side} x {side}"
    yield found.row(name, target, *rows)
    yield Row(f"{name}, order and factor", seconds, "s", ", ".join(factors))


def _large_grid(side: int) -> Iterator[Row]:
    cov, seconds, entries = _factorized(_grid(side))
    name, size = f"Precision of a grid, {side} x {side}", 8 * entries / 2**20
    yield Row(f"{name}, order and factor", seconds, "s", f"{entries} entries", at_most(10.0, seconds, "s"))
    yield Row(f"{name}, memory", size, "MiB of factor", "", at_most(350.0, size, "MiB"))
    normals: dict[str, Draw] = {
        "numpy's normals alone": lambda: np.random.Generator(np.random.SFC64(1)).standard_normal((8, side**2))
    }
    found = measured(drawer(cov, 8), normals, 8, 3)
    yield found.row(name, at_most(15.0, 1e3 * found.ours, "ms"))


def _mesh(count: int, others: OtherProcesses) -> Row:
    """A triangulation of points at random; entries that are stored, padding included, beside METIS's order."""
    corners = Delaunay(np.random.default_rng(0).random((count, 2))).simplices
    one, other = (np.concatenate([corners[:, each] for each in ends]) for ends in ((0, 1, 0), (1, 2, 2)))
    weights = scipy.sparse.coo_array((np.ones(len(one)), (one, other)), shape=(count, count)).tocsc()
    weights = weights + weights.T
    weights.data[:] = -1.0
    precision = scipy.sparse.csc_array(weights + scipy.sparse.diags_array(SHIFT - weights.sum(axis=0)))
    _, seconds, entries = _factorized(precision)
    what = f"Precision of a mesh, {count} points"
    others.folder.mkdir(parents=True, exist_ok=True)
    graph, permutation = others.folder / "mesh.npz", others.folder / "order.npy"
    np.savez(graph, starts=weights.indptr, rows=weights.indices)
    peer = others.ask("pymetis", graph=str(graph), permutation=str(permutation))
    against, target = f"order and factor {seconds:.2f} s", ""
    if peer is not None:
        pattern = Pattern(precision.indptr.astype(np.int64), precision.indices.astype(np.int64))
        metis = count_entries(pattern, np.load(permutation))
        against += f", METIS's order {peer['seconds']:.2f} s, {metis} entries without padding"
        target = at_most(1.75, entries / metis, "× METIS's entries")
        against += f": ours {entries / metis:.2f}×"
    return Row(what, float(entries), "entries", against, target)
