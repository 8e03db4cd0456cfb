"""Normal distributions of some of the variables, and given values of some.

Input: a normal distribution, and variables by names or numbers. Output: another normal distribution, whose covariance
keeps its structure. Cost: that of `mvn_dask.covariance.marginal_covariance` and `mvn_dask.covariance.conditioning`,
and of the factorisation of what is left.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Self, SupportsIndex

import numpy as np

from mvn_dask import labels
from mvn_dask._typing import ArrayLike, Float64Array, SupportsArray, Texts
from mvn_dask.array_likes import compute_together
from mvn_dask.covariance import Covariance, StationaryGrid
from mvn_dask.covariance.conditioning import conditional
from mvn_dask.covariance.marginal_covariance import Places, marginal
from mvn_dask.covariance.observations import Observations
from mvn_dask.distribution.labelled_points import PointLabels, as_point_labels, point_numbers
from mvn_dask.distribution.variables import grid_numbers, noise_variances, numbers_of_each, variable_numbers
from mvn_dask.errors import ArgumentError
from mvn_dask.event import Event
from mvn_dask.signatures import short_signature

Which = (
    str
    | SupportsIndex
    | Texts
    | Sequence[str | SupportsIndex]
    | Sequence[Sequence[SupportsIndex]]
    | SupportsArray
    | PointLabels
)
"""Variables: a name, a number, or a sequence of them; or points, by indices or labels along the axes of a draw."""


class Conditionals(ABC):
    """A normal distribution that can be restricted to some of its variables, and conditioned on some."""

    mean: Float64Array
    """Mean, float64, of the shape of a draw."""
    covariance: Covariance
    """Covariance, of dimension d."""
    event: Event
    """Shape of a draw, with the names and labels of its axes."""

    @abstractmethod
    def _of(self, mean: Float64Array, covariance: Covariance, event: Event) -> Self:
        """Another distribution of this class."""

    @short_signature
    def marginal(self, which: Which) -> Self:
        """The distribution of some of the variables.

        Parameters
        ----------
        which : str, int, or sequence of them, array of int of shape (m, axes), or mapping
            Names or numbers of variables, of which negative ones count from the last; or labels that the names were
            made of, such as dates. Of draws with several axes, indices of points along them, from 0 on, or numbers of
            variables in C order. By labels, m of each axis, or one for all: ``{"lat": [50.0, 51.0], "lon": [4.5, 7]}``
            are two points, as are the rows of a frame of pandas with the columns lat and lon.

        Returns
        -------
        MultivariateNormal
            A vector of these variables, in the order of `which`, with their names. A structure is kept where it has
            one: Dense, Diagonal, LowRank, Factored, Scaled, Sparse, and, in rising order, Banded. Of Precision and the
            others the covariance becomes a Dense one, of at most 5,000 variables.

        Raises
        ------
        ArgumentError
            If a name is unknown, a number is out of range, or a variable is given twice or not at all.
        ArgumentTypeError
            If `which` holds neither names nor integers.
        UnsupportedOperationError
            If more than 5,000 variables would need a matrix.

        See Also
        --------
        condition : The law of the others, given some.

        References
        ----------
        T. W. Anderson, An Introduction to Multivariate Statistical Analysis, 3rd ed., 2003, section 2.4.

        Examples
        --------
        >>> import mvn_dask
        >>> cov = [[2.0, 1.0, 0.0], [1.0, 3.0, 1.0], [0.0, 1.0, 4.0]]
        >>> normal = mvn_dask.MultivariateNormal([1.0, 2.0, 3.0], cov, names=["oil", "gas", "coal"])
        >>> part = normal.marginal(["coal", "oil"])
        >>> part.names, part.mean, part.covariance.to_dense()
        (('coal', 'oil'), array([3., 1.]), array([[4., 0.],
               [0., 2.]]))
        """
        places = self._places(which)
        return self._of(
            self.mean.reshape(-1)[places], marginal(self.covariance, places), self.event.take(places.tolist())
        )

    @short_signature
    def condition(self, which: Which, values: ArrayLike, *, noise: ArrayLike = 0.0) -> Self:
        """The distribution given values of some of the variables.

        Parameters
        ----------
        which : str, int, or sequence of them, array of int of shape (m, axes), or mapping
            Names or numbers of the m variables that were observed; of draws with several axes also indices of points,
            or their labels, ``{"lat": [50.0, 51.0], "lon": [4.5, 7.0]}``; see `marginal`.
        values : array_like, shape (m,), or float where there is one variable
            Their values, in the order of `which`. Labels, such as a Series has, must be these names.
        noise : array_like of shape (m,) or ()
            Variances of the errors of the values, independent and normal, or one for all: 0 for exact values, or
            positive for all.

        Returns
        -------
        MultivariateNormal
            Given exact values, of the other variables, in their order and with their names; with `noise`, and of a
            StationaryGrid in any case, of all variables, where those with exact values are constants. Dense, Diagonal,
            LowRank, Factored, Scaled and Precision (dense, banded and sparse) stay what they are, and none is made
            dense; fields on a grid are drawn by Matheron's rule.

        Raises
        ------
        ArgumentError
            As from `marginal`; if `values` or `noise` have another length or are not finite; if a variance is negative;
            if no variable is left.
        NotPositiveDefiniteError
            If an observed variable has no variance of its own, given the others: exact values of it say nothing, or
            contradict them.
        UnsupportedOperationError
            If the covariance has another structure.

        See Also
        --------
        marginal : The law of some, whatever the others are.

        Notes
        -----
        With observed variables o and the others r, ``mean[r] + C[r, o] @ inv(C[o, o] + N) @ (values - mean[o])``, and
        ``C[r, r] - C[r, o] @ inv(C[o, o] + N) @ C[o, r]``, where N is diagonal and holds `noise`. Of a precision P it
        is ``P[r, r]``, or P with ``1 / noise`` added to its diagonal. A variable that the values determine becomes a
        constant; of a Dense covariance, so does one of which rounding leaves nothing. The bits of what LAPACK
        multiplies may depend on the machine, and so may those of the samples.

        References
        ----------
        T. W. Anderson, An Introduction to Multivariate Statistical Analysis, 3rd ed., 2003, section 2.5. H. Rue and
        L. Held, Gaussian Markov Random Fields, 2005, section 2.2.5, doi:10.1201/9780203492024.

        Examples
        --------
        >>> import mvn_dask
        >>> cov = [[2.0, 1.0, 0.0], [1.0, 3.0, 1.0], [0.0, 1.0, 4.0]]
        >>> normal = mvn_dask.MultivariateNormal([1.0, 2.0, 3.0], cov, names=["oil", "gas", "coal"])
        >>> given = normal.condition("gas", 5.0)
        >>> given.names, given.mean.round(6), given.covariance.to_dense().round(6)
        (('oil', 'coal'), array([2., 4.]), array([[ 1.666667, -0.333333],
               [-0.333333,  3.666667]]))
        >>> normal.condition("gas", 5.0, noise=1.0).mean.round(6)
        array([1.75, 4.25, 3.75])

        A field keeps its axes, and points of it may be given by labels:

        >>> from mvn_dask import covariance
        >>> grid = covariance.StationaryGrid(covariance.exponential(0.5), shape=(2, 3))
        >>> field = mvn_dask.MultivariateNormal(0.0, grid, dims=("lat", "lon"), coords={"lat": [50.0, 51.0]})
        >>> field.condition({"lat": [50.0, 51.0], "lon": [0, 2]}, [1.0, -1.0]).mean.round(2)
        array([[ 1.  ,  0.08, -0.12],
               [ 0.12, -0.08, -1.  ]])
        """
        values, noise = compute_together(values, noise)
        places = self._places(which)
        numbers = numbers_of_each("values", values, len(places))
        variances = noise_variances(noise, len(places))
        if (chosen := self._names_of(places)) is not None:
            given = [*labels.axes_of("values", values), *labels.axes_of("noise", noise)]
            labels.agreed_names([*given, labels.Axis("`which`", chosen, chosen=True)])
        mean = self.mean.reshape(-1)
        observed = Observations(places, numbers - mean[places], variances, self.event.names)
        kept = observed.kept(self.event.ndim)
        if not len(kept):
            raise ArgumentError("given exact values of all variables, none is left: give `noise`, or fewer variables")
        shift, left = conditional(self.covariance, observed)
        if len(shift) == len(mean):
            return self._of(mean + shift, left, self.event)
        return self._of(mean[kept] + shift, left, self.event.take(kept.tolist()))

    def _places(self, which: Which) -> Places:
        by_axes = as_point_labels(which)
        if by_axes is not None:
            return point_numbers(by_axes, self.event)
        shape = self.event.shape if len(self.event.shape) > 1 else self.covariance.event_shape
        has_points = len(shape) > 1 or isinstance(self.covariance, StationaryGrid)
        points = grid_numbers(which, shape) if has_points else None
        return variable_numbers(which, self.event.ndim, self.event.names) if points is None else points

    def _names_of(self, places: Places) -> tuple[str, ...] | None:
        return None if self.event.names is None else tuple(np.array(self.event.names, dtype=object)[places])
