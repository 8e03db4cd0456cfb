"""Eigenvalues of the covariance that was asked for, and of that of the sample, in units of standard deviations.

Input: estimates, and the probability that a sound sample leaves the band. Output: an SVG picture, and condition
numbers. Cost: eigenvalues of two matrices of at most 128 variables, some ms.

Rows that are normal are z A with standard normal z, so that the singular values of the sample are those of A times at
least the smallest singular value of z / √(n - 1), and at most its largest (Ostrowski's theorem). These lie in
1 ± (√k + t) / √(n - 1), for k columns, but for a probability of 2 exp(-t² / 2): the edges of Marchenko and Pastur's law
with a margin, for any numbers of rows and variables. So the band holds for all eigenvalues together, at any spectrum.

K. R. Davidson and S. J. Szarek, Local operator theory, random matrices and Banach spaces, Handbook of the Geometry of
Banach Spaces 1 (2001) 317, theorem II.13, doi:10.1016/S1874-5849(01)80010-3; V. A. Marchenko and L. A. Pastur,
Mathematics of the USSR-Sbornik 1 (1967) 457, doi:10.1070/SM1967v001n04ABEH001994.
"""

from dataclasses import dataclass
from math import log, sqrt

import numpy as np
from markupsafe import Markup

from mvn_dask._typing import Float64Array
from mvn_dask.readable import plural
from mvn_dask.reporting.estimates import Estimates
from mvn_dask.reporting.figures.chart import BOTTOM, LEFT, RIGHT, TOP, Chart, LogScale, outline
from mvn_dask.reporting.figures.svg import Scale

RELATIVE_ZERO = 1e-13
"""Eigenvalues of less than this part of the largest are rounding, and taken as 0."""
DEEPEST = 1e-3
"""A band whose lower end is 0 is drawn down to this part of the smallest eigenvalue."""


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Eigenvalues, largest first, of variables in their expected standard deviations."""

    asked: Float64Array
    """Of the covariance that was asked for, as the factor has it, shape (variables,)."""
    drawn: Float64Array
    """Of the sample, shape (variables,)."""
    low: Float64Array
    """Lower ends of the band; those of `drawn` where there is none."""
    high: Float64Array
    """Upper ends of the band."""
    rank: int
    """How many of `asked` are not 0."""
    has_band: bool
    """Whether the rows are independent and normal, as the band takes for granted."""

    @property
    def outside(self) -> int:
        """How many of the sample lie outside of the band."""
        return int(np.count_nonzero((self.drawn < self.low) | (self.drawn > self.high)))

    @property
    def condition_numbers(self) -> tuple[float, float]:
        """Largest by smallest eigenvalue that is not 0 where it should not be: asked for, and drawn."""
        last = self.rank - 1
        drawn = self.drawn[0] / self.drawn[last] if self.drawn[last] > 0 else np.inf
        return float(self.asked[0] / self.asked[last]), float(drawn)

    @property
    def picture(self) -> Markup | None:
        """The picture; None if fewer than two eigenvalues are above 0."""
        shown = self.drawn[: self.rank] > 0
        if self.rank < 2 or not shown.any():
            return None
        number = np.arange(1, self.rank + 1, dtype=np.float64)
        asked, drawn, high = (each[: self.rank] for each in (self.asked, self.drawn, self.high))
        low = np.maximum(self.low[: self.rank], DEEPEST * asked[-1])
        least = min(float(asked.min()), float(drawn[shown].min()), float(low.min()) if self.has_band else np.inf)
        most = max(float(asked.max()), float(drawn.max()), float(high.max()) if self.has_band else 0.0)
        band = outline(number, low, high) if self.has_band else []
        return Chart(
            name="spectrum",
            title="Eigenvalues",
            description=f"{plural(self.rank, 'eigenvalue')} asked for, from {asked[0]:.4g} to {asked[-1]:.4g}, and "
            "those of the sample.",
            x=Scale(0.5, self.rank + 0.5, LEFT, RIGHT),
            y=LogScale(least / 1.3, most * 1.3, BOTTOM, TOP),
            x_name="number",
            y_name="eigenvalue",
            band=band,
            lines=[("expected", list(zip(number.tolist(), asked.tolist(), strict=True)))],
            points=list(zip(number[shown].tolist(), drawn[shown].tolist(), strict=True)),
            x_labels=[(float(each), f"{each}") for each in range(1, self.rank + 1, -(-self.rank // 6))],
            band_name="where the eigenvalues of a sound sample lie",
        ).picture()


def spectrum_of(estimates: Estimates, error_rate: float) -> Spectrum | str:
    """Eigenvalues of the variables whose pairs are tested; or why there are none, a sentence.

    A sound sample leaves the band with this probability, at most.
    """
    selection, reference = estimates.selection, estimates.reference
    chosen = np.flatnonzero(reference.testable[selection.paired])
    if not reference.laws.pairs_known:
        return "Eigenvalues: none, since the covariance of normal scores is not known of this distribution."
    if not selection.together.all():
        return "Eigenvalues: none, since no chunk holds all variables."
    if len(chosen) < 2 or selection.rows < 2:
        return ""
    ratio, rounding = reference.deviation_ratio[chosen], estimates.rounding[selection.paired][chosen]
    places = np.ix_(chosen, chosen)
    asked = _eigenvalues(reference.correlation[places] * np.multiply.outer(ratio, ratio))
    drawn = _eigenvalues(estimates.measured.covariance[places])
    rank = int(np.count_nonzero(asked))
    if reference.laws.kurtosis_excess or selection.has_points or not np.isfinite(drawn).all():
        return Spectrum(asked, drawn, drawn, drawn, rank, has_band=False)
    reach = (sqrt(rank) + sqrt(2.0 * log(2.0 / error_rate))) / sqrt(selection.rows - 1)
    moved = float(np.linalg.norm(rounding)) + RELATIVE_ZERO
    roots = np.sqrt(asked)
    low = np.square(np.maximum(roots * max(0.0, 1.0 - reach) - moved, 0.0))
    return Spectrum(asked, drawn, low, np.square(roots * (1.0 + reach) + moved), rank, has_band=True)


def _eigenvalues(matrix: Float64Array) -> Float64Array:
    """Largest first, 0 where they are rounding; NaN where the matrix is not finite."""
    if not np.isfinite(matrix).all():
        return np.full(len(matrix), np.nan)
    found = np.linalg.eigvalsh(0.5 * (matrix + matrix.T))[::-1]
    return np.where(found > RELATIVE_ZERO * len(matrix) * max(found[0], 0.0), found, 0.0)
