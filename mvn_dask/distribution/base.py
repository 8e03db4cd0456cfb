"""The contract of distributions: values that users make, and that give lazy samples.

Input: parameters in float64. Output: samplers in the precision of a sample, specs, and lazy arrays. Cost: whatever the
parameters take to be prepared, once.
"""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mvn_dask import checks
from mvn_dask._typing import Chunks, FloatDType, Size
from mvn_dask.event import Event
from mvn_dask.hashing import digest, fingerprint
from mvn_dask.random.streams import Root, SeedLike, as_root
from mvn_dask.sampling.sampler import Sampler

if TYPE_CHECKING:
    import dask.array as da

    from mvn_dask.sampling.spec import SampleSpec


class Distribution(ABC):
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
        """Shape of one draw, of d numbers."""
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

    @abstractmethod
    def sampler(self, dtype: np.dtype[np.floating[Any]]) -> Sampler:
        """What draws rows in float64 or float32, with its parameters in that precision."""

    def spec(
        self, size: tuple[int, ...], *, root: Root, dtype: np.dtype[np.floating[Any]], chunks: Chunks
    ) -> "SampleSpec":
        """The spec of a sample; see `mvn_dask.sampling.spec.sample_spec`."""
        from mvn_dask.sampling.spec import sample_spec  # imports dask, which `info` does without

        return sample_spec(self.sampler(dtype), size, root=root, dtype=dtype, chunks=chunks, event=self.event)

    def sample(
        self, size: Size = None, *, seed: SeedLike, dtype: FloatDType = np.float64, chunks: Chunks = "auto"
    ) -> "da.Array":
        """Samples as a lazy Dask array: the same arguments give the same rows, always.

        Parameters
        ----------
        size : int or tuple of int, optional
            Shape of the sample; None is a single row.
        seed : None, int, sequence of int, SeedSequence, BitGenerator or Generator
            As for ``numpy.random.default_rng``. The rows are those of the first call on
            ``mvn_dask.default_rng(seed)``; None takes fresh entropy.
        dtype : dtype
            float64 or float32. float32 draws other normals, and is no rounding of the float64 rows.
        chunks : "auto", str, int, tuple or dict
            Blocks of the array: "auto", a size such as "64 MiB", rows of a block (-1 for all), or
            chunks of every axis as dask takes them. The values do not depend on it. A block draws every
            stripe that it overlaps, so multiples of ``mvn_dask.stripe_height(d)`` rows waste nothing.

        Returns
        -------
        dask.array.Array, shape (*size, d), or (*size, *event_shape) where a draw has several axes

        Raises
        ------
        ArgumentError, ArgumentTypeError
            For arguments that make no sense.
        BlockTooLargeError
            If a block cannot fit into the memory of a worker.
        """
        from mvn_dask.sampling.array import sample

        lengths, kind = checks.size(size), checks.dtype(dtype)
        return sample(self.spec(lengths, root=as_root(seed).child(0), dtype=kind, chunks=chunks))
