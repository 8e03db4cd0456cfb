"""Fields on regular grids beside GSTools, R's fields, and numpy's normals with scipy's transforms; one thread."""

import time
from collections.abc import Iterator

import numpy as np
import scipy.fft

from benchmarks.other_processes import OtherProcesses
from benchmarks.structures import Draw, drawer, measured
from benchmarks.timing import Row, at_least, at_most, best_in_turn
from mvn_dask import covariance
from mvn_dask._typing import Float64Array

LENGTH = 5.0
"""Length of the exponential covariance, in points."""
LIMITS = {1024: 40.0, 4096: 700.0}
"""Milliseconds of a transform, at most, by the side of a field."""


def measure(small: bool, others: OtherProcesses) -> Iterator[Row]:
    for side in (64,) if small else (256, 1024, 4096):
        yield from _field(side, 1 if small else 2, others)


def _field(side: int, rounds: int, others: OtherProcesses) -> Iterator[Row]:
    cov, n = covariance.StationaryGrid(covariance.exponential(LENGTH), (side, side)), max(1, 2**20 // side**2)
    points = cov.factorize().noise_ndim
    lengths = (n, *(round(points**0.5),) * 2)
    generator = np.random.Generator(np.random.SFC64(1))
    numpys: dict[str, Draw] = {
        "numpy's normals, scipy's transform": lambda: _whole(generator.standard_normal(lengths), side),
        "pruned": lambda: _pruned(generator.standard_normal(lengths), side),
    }
    found = measured(drawer(cov, n), numpys, n, rounds)
    ratio = min(found.others.values()) / found.ours
    target = [at_least(2.0, ratio, "× numpy and scipy")]
    more = []
    # GSTools' sums of 1000 modes take as long a point at any size, and R minutes for its larger arrays.
    if side <= 1024:
        more.append(others.ratio("fields", found.ours, side=side, rows=1, length=LENGTH))
        peer = others.ask("gstools", side=side, rows=1, length=LENGTH)
        if peer is not None:
            more.append(f"gstools {peer['seconds'] / found.ours:.3g}×")
            target.append(at_least(100.0, peer["seconds"] / found.ours, "× GSTools"))
    yield found.row(f"StationaryGrid, {side} x {side}", ", ".join(target), *more)
    yield _transform(cov, generator.standard_normal((n, points)), side, rounds)


def _transform(cov: covariance.StationaryGrid, z: Float64Array, side: int, rounds: int) -> Row:
    """Beside the normals, which are drawn before."""
    factor, out = cov.factorize(), np.empty((len(z), cov.ndim))
    grid = z.reshape(len(z), -1, round(z.shape[1] ** 0.5))
    actions: dict[str, Draw] = {
        "ours": lambda: factor.colorize(z, out),
        "scipy's transform": lambda: _whole(grid, side),
        "pruned": lambda: _pruned(grid, side),
    }
    actions["ours"]()
    best = best_in_turn(actions, rounds, time.process_time)
    value = 1e3 * best["ours"] / len(z)
    against = ", ".join(f"{name} {best[name] / best['ours']:.2f}×" for name in actions if name != "ours")
    target = at_most(LIMITS[side], value, "ms") if side in LIMITS else ""
    return Row(f"StationaryGrid, {side} x {side}, transform alone", value, "ms a row", against, target)


def _whole(z: Float64Array, side: int) -> object:
    spectrum = scipy.fft.rfftn(z, axes=(1, 2))
    return spectrum.real[:, :side, :side] - spectrum.imag[:, :side, :side]


def _pruned(z: Float64Array, side: int) -> object:
    """Lines first; then the columns that are kept."""
    lines = scipy.fft.rfft(z, axis=2)[:, :, :side]
    spectrum = scipy.fft.fft(lines, axis=1, overwrite_x=True)[:, :side]
    return spectrum.real - spectrum.imag
