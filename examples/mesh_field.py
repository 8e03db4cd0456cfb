"""The same January temperatures as a Gaussian Markov random field on a mesh: sparse where kriging is dense.

A Matérn field with smoothness 1 is the solution of a stochastic differential equation, whose precision on a triangular
mesh is sparse: Q = κ⁴C + 2κ²G + GC⁻¹G, with the diagonal mass matrix C and the stiffness matrix G (Lindgren, Rue and
Lindström 2011, doi:10.1111/j.1467-9868.2011.00777.x). Field and trend given the 245 stations have the precision
Q + A'A/σ², which `Precision` takes as it is: variances come from selected inversion, fields from sparse solves. They
are compared with a dense inverse, and with universal kriging.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse
import scipy.sparse.linalg
from scipy.spatial import Delaunay
from scipy.spatial.distance import cdist

import mvn_dask
from mvn_dask.covariance import Precision, Sparse, matern

LENGTH, VARIANCE, NOISE = 108.0, 1.98, 1.63  # km, °C², °C²: as fitted by station_kriging.py
FLAT = 1e-8
"""Precision of the trend's coefficients before there is data."""
Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.integer[Any]]


def mesh_points(stations: Floats, spacing: float) -> Floats:
    """The stations, a lattice where they lie, and a wider one around, which keeps the effects of the edge away."""
    low, high = stations.min(axis=0), stations.max(axis=0)
    points = [stations]
    for step, margin in ((spacing, spacing), (2.5 * spacing, 2 * LENGTH)):
        rows = np.arange(low[0] - margin, high[0] + margin, step * np.sqrt(3) / 2)
        columns = np.arange(low[1] - margin, high[1] + margin, step)
        shifts = step / 2 * (np.arange(len(rows)) % 2)
        lattice = np.column_stack([np.repeat(rows, len(columns)), np.add.outer(shifts, columns).ravel()])
        points.append(lattice[cdist(lattice, np.vstack(points)).min(axis=1) > 0.6 * step])
    return np.vstack(points)


def field_precision(points: Floats, triangles: Places) -> scipy.sparse.csc_array:
    """The precision of the field at the points, from linear elements on the triangles."""
    corners = points[triangles]
    edges = corners[:, [2, 0, 1]] - corners[:, [1, 2, 0]]  # each opposite to a corner
    areas = np.abs(edges[:, 0, 0] * edges[:, 1, 1] - edges[:, 0, 1] * edges[:, 1, 0]) / 2
    rows, columns = np.repeat(triangles, 3, axis=1).ravel(), np.tile(triangles, 3).ravel()
    products = np.einsum("tix,tjx->tij", edges, edges) / (4 * areas[:, None, None])
    stiffness = scipy.sparse.csc_array((products.ravel(), (rows, columns)))
    masses = np.bincount(triangles.ravel(), np.repeat(areas / 3, 3))
    kappa = np.sqrt(2) / LENGTH
    smoothing = scipy.sparse.diags_array(kappa**2 * masses) + stiffness
    whole = smoothing @ scipy.sparse.diags_array(1 / masses) @ smoothing
    return scipy.sparse.csc_array(whole / (4 * np.pi * kappa**2 * VARIANCE))


def universal_kriging(
    positions: Floats, design: Floats, values: Floats, targets: Places
) -> tuple[Floats, Floats, Floats]:
    """Trend, and means and deviations of the field at some stations, by dense matrices and numpy alone."""
    function = matern(LENGTH, 1.0, VARIANCE)
    covariance = function(cdist(positions, positions).ravel()).reshape(len(positions), -1)
    inverse = np.linalg.inv(covariance + NOISE * np.eye(len(positions)))
    spread = np.linalg.inv(design.T @ inverse @ design)
    trend = spread @ design.T @ inverse @ values
    across = covariance[:, targets]
    unexplained = design.T @ inverse @ across
    variances = (
        VARIANCE - (across * (inverse @ across)).sum(axis=0) + (unexplained * (spread @ unexplained)).sum(axis=0)
    )
    return trend, across.T @ inverse @ (values - design @ trend), np.sqrt(variances)


def main() -> None:
    """Build the mesh, condition on the stations, and compare."""
    parser = argparse.ArgumentParser(description="Draw temperatures on a mesh, given stations.")
    parser.add_argument("--spacing", type=float, default=20.0, help="distance of the mesh's points in km")
    parser.add_argument("--fields", type=int, default=2000, help="samples to draw")
    options = parser.parse_args()
    table = pd.read_csv(Path(__file__).parent / "data" / "colorado-january.csv")
    east = (table["longitude"] + 105.25) * np.cos(np.deg2rad(39))
    positions = 111.2 * np.column_stack([table["latitude"] - 39, east])  # km from 39° N, 105.25° W
    design = np.column_stack([np.ones(len(table)), (table["elevation"] - 2000) / 1000, positions / 100])
    values = table["temperature"].to_numpy()

    points = mesh_points(positions, options.spacing)
    prior = field_precision(points, Delaunay(points).simplices)
    count, terms = len(points), design.shape[1]
    print(f"mesh of {count} points, {len(values)} of them stations; {prior.nnz / count:.1f} entries a row")

    inside = np.abs(points - positions.mean(axis=0)).max(axis=1) < 150
    low, *_, high = np.sort(np.sqrt(Precision(prior).variances()[inside]))
    print(f"deviations of the field without data: {low:.2f} to {high:.2f} °C, Matérn's {np.sqrt(VARIANCE):.2f}")

    # The coefficients of the trend are variables as well, after those of the field.
    chosen: Any = scipy.sparse.hstack([scipy.sparse.eye_array(len(values), count), scipy.sparse.csc_array(design)])
    flat = scipy.sparse.diags_array(np.full(terms, FLAT))
    precision = scipy.sparse.csc_array(scipy.sparse.block_diag([prior, flat]) + chosen.T @ chosen / NOISE)
    mean = scipy.sparse.linalg.spsolve(precision, chosen.T @ values / NOISE)
    # An order of elimination of mvn_dask's own: the same samples whatever versions of scipy and METIS there are.
    posterior = mvn_dask.MultivariateNormal(mean, Precision(Sparse(precision, ordering="nested_dissection")))
    variances = posterior.covariance.variances()
    drawn = posterior.sample(options.fields, seed=1990).compute()
    print(f"given the stations: {posterior.covariance}; {len(drawn)} samples")

    largest = np.abs(variances / np.diag(np.linalg.inv(precision.toarray())) - 1).max()
    print(f"variances from selected inversion differ from a dense inverse's by {largest:.0e} at most")
    squares = np.mean((drawn - mean) ** 2 / variances, axis=1)
    error = 2 * squares.std() / np.sqrt(len(squares))
    print(f"mean square of standardised samples: {squares.mean():.3f} ± {error:.3f}, where 1 is right")

    stations = np.arange(0, len(values), 40)
    trend, *kriged = universal_kriging(positions, design, values, stations)
    print(f"trend {mean[count:].round(2)}, of universal kriging {trend.round(2)}")
    print("station     mean  kriged    deviation  kriged  of samples")
    columns = [mean[stations], kriged[0], np.sqrt(variances[stations]), kriged[1], drawn[:, stations].std(axis=0)]
    for line in zip(table["station"][stations], *columns, strict=True):
        print("{:9} {:6.2f}  {:6.2f}       {:6.2f}  {:6.2f}      {:6.2f}".format(*line))


if __name__ == "__main__":
    main()
