"""January temperatures between 245 weather stations: a Matérn field on a grid, conditioned on what they measured.

Fits trend, Matérn covariance and error to the stations by maximum likelihood, checks the fit on stations left out, and
conditions a `StationaryGrid` of 5 km cells on all of them. What comes back is the kriged field and, lazily, as many
fields as wanted that agree with the stations, which tell what a map of means cannot: over how large an area it was
warm. Means and deviations are compared with kriging by dense matrices.
"""

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import minimize
from scipy.spatial.distance import cdist, pdist, squareform
from scipy.stats import norm

import mvn_dask
from mvn_dask.covariance import Dense, StationaryGrid, matern

SMOOTHNESS, CELL, WARM, FOLDS = 1.0, 5.0, 5.0, 10  # of Matérn's function; km; °C at 2000 m; of the cross-validation
Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]


class Fit:
    """A length, and the errors' variance relative to the field's; the likeliest trend and variance follow from them."""

    def __init__(self, length: float, ratio: float, distances: Floats, design: Floats, values: Floats) -> None:
        count = len(values)
        shape = squareform(matern(length, SMOOTHNESS)(distances)) + (1 + ratio) * np.eye(count)
        solved = np.linalg.solve(shape, np.column_stack([design, values]))
        self.trend = np.linalg.solve(design.T @ solved[:, :-1], design.T @ solved[:, -1])
        unit = mvn_dask.MultivariateNormal(design @ self.trend, Dense(shape, method="cholesky"))
        squares = float(unit.mahalanobis(values)) ** 2
        self.length, self.variance, self.noise = length, squares / count, ratio * squares / count
        self.normal = mvn_dask.MultivariateNormal(design @ self.trend, Dense(self.variance * shape))
        correction = (squares - count - count * np.log(self.variance)) / 2  # from a variance of 1 to the likeliest
        self.likelihood = float(unit.logpdf(values) + correction)


def best_fit(distances: Floats, design: Floats, values: Floats) -> Fit:
    """Maximum likelihood, from 60 km and errors that vary as much as the field."""

    def fit_of(logarithms: Floats) -> Fit:
        length, ratio = np.exp(logarithms).tolist()
        return Fit(length, ratio, distances, design, values)

    def loss(logarithms: Floats) -> float:
        return -fit_of(logarithms).likelihood

    return fit_of(minimize(loss, np.log([60.0, 1.0]), method="Nelder-Mead", tol=1e-4).x)


def cross_validate(normal: mvn_dask.MultivariateNormal, values: Floats) -> Floats:
    """Standardised errors of stations in folds, each predicted from the other folds."""
    errors = np.empty(len(values))
    for fold in range(FOLDS):
        left_out = np.arange(len(values)) % FOLDS == fold
        predicted = normal.condition(np.flatnonzero(~left_out), values[~left_out])
        errors[left_out] = (values[left_out] - predicted.mean) / np.sqrt(predicted.covariance.variances())
    return errors


def stations_by_cell(positions: Floats, residuals: Floats) -> tuple[Places, Floats, Places]:
    """Cells with stations, shape (m, 2), the mean residual in each, and how many stations it is of."""
    places = np.rint((positions - positions.min(axis=0)) / CELL).astype(np.intp)
    cells, of_station, counts = np.unique(places, axis=0, return_inverse=True, return_counts=True)
    return cells, np.bincount(of_station.ravel(), residuals) / counts, counts


def dense_kriging(fit: Fit, cells: Places, values: Floats, noise: Floats, targets: Places) -> tuple[Floats, Floats]:
    """Means and standard deviations at some cells, by the textbook's formula and numpy alone."""
    function = matern(fit.length, SMOOTHNESS, fit.variance)
    between = function(CELL * cdist(cells, cells).ravel()).reshape(len(cells), -1) + np.diag(noise)
    across = function(CELL * cdist(cells, targets).ravel()).reshape(len(cells), -1)
    weights = np.linalg.solve(between, across)
    return weights.T @ values, np.sqrt(fit.variance - (weights * across).sum(axis=0))


def print_warm_area(mean: Floats, deviations: Floats, drawn: Floats) -> None:
    """Print over what share of the region it is warm at 2000 m: of fields, in closed form, and of their mean."""
    shares = (drawn > WARM).mean(axis=(1, 2))
    expected = norm.cdf((mean - WARM) / deviations).mean()
    low, high = np.quantile(shares, [0.05, 0.95])
    print(f"area above {WARM:g} °C at 2000 m: {shares.mean():.1%} of the region, in closed form {expected:.1%}")
    print(f"  {low:.1%} to {high:.1%} in 90 % of the fields; {(mean > WARM).mean():.1%} on the map of their mean")


def main() -> None:
    """Fit, cross-validate, condition and compare."""
    parser = argparse.ArgumentParser(description="Krige January temperatures; draw fields that agree with stations.")
    parser.add_argument("--fields", type=int, default=300, help="conditional fields to draw")
    options = parser.parse_args()
    table = pd.read_csv(Path(__file__).parent / "data" / "colorado-january.csv")
    east = (table["longitude"] + 105.25) * np.cos(np.deg2rad(39))
    positions = 111.2 * np.column_stack([table["latitude"] - 39, east])  # km from 39° N, 105.25° W
    design = np.column_stack([np.ones(len(table)), (table["elevation"] - 2000) / 1000, positions / 100])
    values = table["temperature"].to_numpy()

    fit = best_fit(pdist(positions), design, values)
    print(f"{len(values)} stations; log-likelihood {fit.likelihood:.2f}")
    print(f"trend: {fit.trend[0]:.2f} °C at 2000 m, {fit.trend[1]:.2f} °C for each 1000 m higher")
    print(f"Matérn length {fit.length:.0f} km, variance {fit.variance:.2f}, variance of errors {fit.noise:.2f} °C²")
    errors = cross_validate(fit.normal, values)
    print(f"stations left out: {np.mean(np.abs(errors) < norm.ppf(0.95)):.1%} lie in their 90 % intervals", end="; ")
    print(f"mean square of standardised errors {np.mean(errors**2):.2f}, where 1 is right")

    cells, residuals, counts = stations_by_cell(positions, values - design @ fit.trend)
    shape = tuple(int(side) + 1 for side in cells.max(axis=0))
    grid = StationaryGrid(matern(fit.length, SMOOTHNESS, fit.variance), shape, CELL, padding=100)
    field = mvn_dask.MultivariateNormal(0.0, grid).condition(cells, residuals, noise=fit.noise / counts)
    mean, deviations = field.mean, np.sqrt(field.covariance.variances()).reshape(shape)
    drawn = field.sample(options.fields, seed=1990).compute()
    print(f"{shape[0]} x {shape[1]} cells of {CELL:g} km, {len(cells)} of them with stations; {len(drawn)} fields")

    rows, columns = np.stack([np.linspace(5, side - 5, 6).astype(np.intp) for side in shape])
    known = dense_kriging(fit, cells, residuals, fit.noise / counts, np.column_stack([rows, columns]))
    largest = max(np.abs(mean[rows, columns] - known[0]).max(), np.abs(deviations[rows, columns] - known[1]).max())
    print(f"means and deviations of {len(rows)} cells differ from dense kriging by {largest:.0e} °C at most")
    there = drawn[:, rows, columns]
    print("cell        kriged  of fields    deviation  of fields")
    for line in zip(rows, columns, known[0], there.mean(axis=0), known[1], there.std(axis=0), strict=True):
        print("({:3.0f}, {:3.0f})  {:6.2f}     {:6.2f}       {:6.2f}     {:6.2f}".format(*line))

    places = positions.min(axis=0)[:, None, None] / 100 + CELL / 100 * np.indices(shape)
    trend = fit.trend[0] + np.tensordot(fit.trend[2:], places, axes=1)
    print_warm_area(trend + mean, deviations, trend + drawn)


if __name__ == "__main__":
    main()
