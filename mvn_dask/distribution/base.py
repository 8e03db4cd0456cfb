"""The contract of distributions: values that users make, and that give lazy samples.

Input: parameters in float64. Output: samplers in the precision of a sample, specs, and lazy arrays. Cost: whatever the
parameters take to be prepared, once.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
import numpy.typing as npt

from mvn_dask import checks
from mvn_dask._typing import Chunks, FloatDType, Size
from mvn_dask.description import data_array
from mvn_dask.display.document import Shown
from mvn_dask.display.markup import Html
from mvn_dask.distribution.shown_distribution import axes_table, event_summary
from mvn_dask.event import Event
from mvn_dask.hashing import digest, fingerprint
from mvn_dask.random.streams import Root, SeedLike, as_root
from mvn_dask.sampling.sampler import Sampler
from mvn_dask.signatures import short_signature

if TYPE_CHECKING:
    import dask.array as da
    import xarray as xr

    from mvn_dask.sampling.spec import SampleSpec


class Distribution(Shown, ABC):
    """A distribution of rows of d numbers."""

    event: Event
    """Shape of a draw, with the names and labels of its axes."""

    def __eq__(self, other: object) -> bool:
        """Whether both draw the same rows, bit for bit, of the same shape, with the same labels."""
        if self is other or not isinstance(other, Distribution):
            return self is other
        return self.event == other.event and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash((self._identity(), self.event))

    def _identity(self) -> str:
        """SHA-256 of what draws the rows: a pass over its arrays."""
        sampler = self.sampler(np.dtype(np.float64))
        arrays = {name: digest(array) for name, array in sampler.parameters().items()}
        return fingerprint([sampler.record(), arrays])

    @property
    def ndim(self) -> int:
        """Dimension d."""
        return self.event.ndim

    @property
    def event_shape(self) -> tuple[int, ...]:
        """Shape of one draw, of d numbers.

        Examples
        --------
        >>> import mvn_dask
        >>> from mvn_dask.covariance import StationaryGrid, exponential
        >>> field = mvn_dask.MultivariateNormal(0.0, StationaryGrid(exponential(0.5), (3, 4)), dims=["y", "x"])
        >>> field.ndim, field.event_shape, field.dims, field.names, field.coords
        (12, (3, 4), ('y', 'x'), None, {})
        """
        return self.event.shape

    @property
    def names(self) -> tuple[str, ...] | None:
        """Names of the variables of a vector, if they have any."""
        return self.event.names

    @property
    def dims(self) -> tuple[str, ...]:
        """Names of the axes of a draw."""
        return self.event.dims

    @property
    def coords(self) -> dict[str, npt.NDArray[Any]]:
        """Labels along the axes of a draw, by the names of those that have any."""
        return {dim: coordinate.values for dim, coordinate in self.event.coords.items()}

    def _summary(self) -> str:
        return event_summary(self.event)

    def _shown(self) -> Iterable[Html]:
        return [axes_table(self.event)]

    @abstractmethod
    def sampler(self, dtype: np.dtype[np.floating[Any]]) -> Sampler:
        """What draws rows in float64 or float32, with its parameters in that precision."""

    def spec(
        self,
        size: tuple[int, ...],
        *,
        root: Root,
        dtype: np.dtype[np.floating[Any]],
        chunks: Chunks,
        replicate: int | None = None,
    ) -> "SampleSpec":
        """The spec of a sample; see `mvn_dask.sampling.spec.sample_spec`."""
        from mvn_dask.sampling.spec import sample_spec  # imports dask, which `info` does without

        sampler, event = self.sampler(dtype), self.event
        return sample_spec(sampler, size, root=root, dtype=dtype, chunks=chunks, event=event, replicate=replicate)

    @overload
    def sample(
        self,
        size: Size = None,
        *,
        seed: SeedLike,
        dtype: FloatDType = ...,
        chunks: Chunks = ...,
        points: Literal["sobol"] | None = ...,
        replicate: int = ...,
        as_xarray: Literal[False] = False,
    ) -> "da.Array": ...
    @overload
    def sample(
        self,
        size: Size = None,
        *,
        seed: SeedLike,
        dtype: FloatDType = ...,
        chunks: Chunks = ...,
        points: Literal["sobol"] | None = ...,
        replicate: int = ...,
        as_xarray: Literal[True],
    ) -> "xr.DataArray": ...
    @overload
    def sample(
        self,
        size: Size = None,
        *,
        seed: SeedLike,
        dtype: FloatDType = ...,
        chunks: Chunks = ...,
        points: Literal["sobol"] | None = ...,
        replicate: int = ...,
        as_xarray: bool,
    ) -> "da.Array | xr.DataArray": ...
    @short_signature
    def sample(
        self,
        size: Size = None,
        *,
        seed: SeedLike,
        dtype: FloatDType = "float64",
        chunks: Chunks = "auto",
        points: Literal["sobol"] | None = None,
        replicate: int = 0,
        as_xarray: bool = False,
    ) -> "da.Array | xr.DataArray":
        """Samples as a lazy Dask array: the same arguments give the same rows, always.

        Parameters
        ----------
        size : int or tuple of int, optional
            Shape of the sample; None is a single row.
        seed : None, int, sequence of int, SeedSequence, BitGenerator or numpy.random.Generator
            As for ``numpy.random.default_rng``. The rows are those of the first call on
            ``mvn_dask.default_rng(seed)``; None takes fresh entropy.
        dtype : dtype
            Precision of the numbers, float64 or float32, which draws other normals, and is no rounding of the float64
            rows.
        chunks : "auto", str, int, tuple or dict
            Blocks of the array: "auto", a size such as "64 MiB", rows of a block (-1 for all), or
            chunks of every axis as dask takes them. The values do not depend on it. A block draws every
            stripe that it overlaps, so multiples of ``mvn_dask.stripe_height(d)`` rows waste nothing.
        points : {"sobol"}, optional
            What the normals are made of: by default independent streams; "sobol" is scrambled Sobol' points, whose
            rows are not independent, and whose means of smooth functions err up to a thousand times less. `size` must
            be a power of two then, from 1 to 2**51, the dtype float64, and the normals behind a row at most 21,201.
        replicate : int
            With `points`, the number of the scramble, from 0 on: the spread over several says how much a mean errs.
        as_xarray : bool
            Give a lazy DataArray of xarray, as `mvn_dask.to_xarray` does: with the name, dimensions, coordinates (a
            MultiIndex too), units and other attributes of the mean, and what a covariance says of the variables.

        Returns
        -------
        dask.array.Array or xarray.DataArray, shape ``(*size, d)``
            Lazy; of shape ``(*size, *event_shape)`` where a draw has several axes.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            For arguments that make no sense.
        BlockTooLargeError
            If a block cannot fit into the memory of a worker.

        See Also
        --------
        mvn_dask.to_zarr : Keep a sample.
        mvn_dask.estimate : Numbers of a sample that is not kept.
        mvn_dask.estimate_until : As many rows as a precision takes.

        Notes
        -----
        Sobol' points (doi:10.1016/0041-5553(67)90144-9) have the direction numbers of Joe and Kuo, a linear matrix
        scramble and a digital shift of 52 bits, from child ``(0, 2**63, replicate)`` of the seed. Row i is the same for
        any chunks, and the first 2**k rows of a longer run are the shorter run. Statistics that take rows for
        independent, such as the standard error of a mean, do not hold for them.

        Examples
        --------
        >>> import mvn_dask
        >>> normal = mvn_dask.MultivariateNormal([1.0, 2.0], [[2.0, 1.0], [1.0, 2.0]])
        >>> x = normal.sample(1_000_000, seed=7)
        >>> x.shape, x[:2].compute().round(3).tolist() == normal.sample(2, seed=7).compute().round(3).tolist()
        ((1000000, 2), True)
        """
        from mvn_dask.sampling.array import sample
        from mvn_dask.sampling.points import requested_replicate

        lengths, kind, number = checks.size(size), checks.dtype(dtype), requested_replicate(points, replicate)
        root = as_root(seed).child(0)
        is_labelled = checks.flag("as_xarray", as_xarray)
        spec = self.spec(lengths, root=root, dtype=kind, chunks=chunks, replicate=number)
        array, lineage = sample(spec), spec.lineage
        if not is_labelled:
            return array
        return data_array(array, lineage.dimensions, lineage.event.whole_description, lineage.origin)
