"""Pictures of distributions: pairs of variables, and maps of fields.

Input: a distribution and the variables to be shown. Output: axes of matplotlib. Cost: drawing some rows of these
variables alone, whatever the dimension: their covariance is taken out of the whole.
"""

from abc import ABC, abstractmethod
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mvn_dask import checks
from mvn_dask.covariance.marginal_covariance import Places
from mvn_dask.distribution.conditionals import Which
from mvn_dask.distribution.labelled_points import as_point_labels, point_numbers
from mvn_dask.distribution.named_arguments import named_arguments
from mvn_dask.distribution.variables import grid_numbers, variable_numbers
from mvn_dask.errors import ArgumentError
from mvn_dask.event import Event
from mvn_dask.plotting.field_maps import field_maps
from mvn_dask.plotting.pair_plot import KnownLaw, pair_plot, refuse_many
from mvn_dask.random.streams import SeedLike
from mvn_dask.signatures import short_signature

if TYPE_CHECKING:
    from mvn_dask.plotting.figures import AnyFigure

MAPPED_DRAWS = 3
"""Draws of a field beside its mean."""


def places_shown(
    variables: Which | None, shape: tuple[int, ...], names: tuple[str, ...] | None, event: Event | None = None
) -> Places:
    """The numbers of the variables of a picture, out of those of a draw: all, or the ones that are named.

    Labels of points are those of an `event`. Raises what `variable_numbers` and `refuse_many` raise.
    """
    count = prod(shape)
    if variables is None:
        refuse_many(count)
        return np.arange(count)
    with named_arguments({"which": "variables"}):
        by_axes = None if event is None else as_point_labels(variables)
        if event is not None and by_axes is not None:
            points: Places | None = point_numbers(by_axes, event)
        else:
            points = grid_numbers(variables, shape) if len(shape) > 1 else None
        places = variable_numbers(variables, count, names) if points is None else points
    refuse_many(len(places))
    return places


class Plots(ABC):
    """A distribution of which there are pictures."""

    event: Event
    """Shape of a draw, with the names and labels of its axes."""

    @abstractmethod
    def _shown_law(self, places: Places) -> tuple[Any, KnownLaw]:
        """The distribution of some variables as a vector, and what is known of them."""

    @short_signature
    def plot(
        self,
        variables: "Which | None" = None,
        *,
        rows: int = 5000,
        seed: SeedLike = 0,
        figure: "AnyFigure | None" = None,
    ) -> npt.NDArray[Any]:
        """A picture on matplotlib: pairs of variables, or maps of a field of two axes.

        Each variable is on the diagonal, as a histogram of some rows with its density; pairs are below it, with the
        ellipses that hold 50, 90 and 99 % where they are known; above are the correlations of these rows. A field of
        two axes, without `variables`, is its mean beside three draws.

        Parameters
        ----------
        variables : str, int, or sequence of them, or array of int of shape (m, axes), optional
            Names or numbers of at most 10 variables, all by default; of draws with several axes, indices or labels of
            points too, as for `MultivariateNormal.marginal`.
        rows : int
            How many rows of these variables are drawn; up to 3,000 are points, more are counted in cells.
        seed : None, int, sequence of int, SeedSequence, BitGenerator or numpy.random.Generator
            As for `sample`; the same seed gives the same picture.
        figure : matplotlib.figure.Figure or SubFigure, optional
            Where to draw; by default a new one.

        Returns
        -------
        ndarray of matplotlib.axes.Axes, shape (m, m), or (4,) of a field's maps
            Where it was drawn; ``axes[0, 0].figure`` is the figure.

        Raises
        ------
        ArgumentError
            If there is no matplotlib; if there are more than 10 variables, or a field of other than two axes, and
            `variables` names none; as from `MultivariateNormal.marginal`.
        ArgumentTypeError
            If `variables` are neither names nor integers, or `figure` is none.

        See Also
        --------
        mvn_dask.plot.pairs : The same of rows that are there already.

        Notes
        -----
        Only these variables are drawn, from their own distribution, so that the cost is that of a few variables
        whatever the dimension.

        Examples
        --------
        >>> import mvn_dask
        >>> normal = mvn_dask.MultivariateNormal([1.0, 2.0], [[2.0, 1.0], [1.0, 2.0]], names=["oil", "gas"])
        >>> axes = normal.plot()
        >>> axes.shape
        (2, 2)
        >>> axes[0, 0].figure.savefig("pairs.png")  # doctest: +SKIP
        """
        count = checks.count("rows", rows)
        if not count:
            raise ArgumentError("`rows` must be at least 1: it is 0")
        if variables is None and len(self.event.shape) > 1:
            return self._maps(seed, figure)
        places = places_shown(variables, self.event.shape, self.event.names, self.event)
        shown, law = self._shown_law(places)
        names = [self.event.label(place) or str(place) for place in places.tolist()]
        return pair_plot(shown.sample(count, seed=seed).compute(scheduler="threads"), names, law, figure)

    def _maps(self, seed: SeedLike, figure: "AnyFigure | None") -> npt.NDArray[Any]:
        if len(self.event.shape) != 2:
            raise ArgumentError(
                f"maps are of fields of two axes, and a draw has the shape {self.event.shape}: name up to 10 points by "
                "`variables`"
            )
        draws = self.sample(MAPPED_DRAWS, seed=seed).compute()  # type: ignore[attr-defined]
        titles = [f"draw {number}" for number in range(MAPPED_DRAWS)]
        for what in ("mean", "location"):
            if (centre := getattr(self, what, None)) is not None:
                draws, titles = np.concatenate([centre[None], draws]), [what, *titles]
        return field_maps(draws, titles, self.event, figure)
