"""Where the numbers of an array come from: everything that decides them, attached to the array's graph.

A sampler makes a `Lineage`; a store reads it. Output: a fingerprint and a name. Cost: none beyond one SHA-256.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy.typing as npt

from mvn_dask.event import Event
from mvn_dask.hashing import fingerprint
from mvn_dask.origin_attributes import MEAN, origin_attributes


@dataclass(frozen=True)
class InputFile:
    """A file that parameters were read from."""

    key: str
    """Where it is named, as ``distribution.data``."""
    name: str
    """Its name, without the folders around it."""
    sha256: str
    """SHA-256 of its bytes."""
    size: int
    """How many they are."""


@dataclass(frozen=True, eq=False)
class Lineage:
    """All that decides the numbers of one sample array, and what is needed to draw them again."""

    values: Mapping[str, object]
    """What decides the numbers: JSON-able, arrays by their digests."""
    carrier: Any
    """Whatever holds the arrays behind the digests, or fetches them: its attribute `arrays`."""
    sample_dimensions: tuple[str, ...]
    """Names of the array's other axes."""
    event: Event
    """Shape of a draw, whose axes are the array's last ones, with their names and labels."""
    inputs: tuple[InputFile, ...] = ()
    """Files that the parameters were read from, where that is known; they decide no number, and no fingerprint."""

    @property
    def arrays(self) -> Mapping[str, npt.NDArray[Any]]:
        """The mean and what the factor consists of, by the names that files have."""
        return cast(Mapping[str, npt.NDArray[Any]], self.carrier.arrays)

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Names of the array's axes."""
        return (*self.sample_dimensions, *self.event.dims)

    @property
    def origin(self) -> dict[str, Any]:
        """Attributes that say where the numbers come from, with the mean of a vector."""
        mean = self.arrays.get(MEAN) if len(self.event.shape) == 1 else None
        return origin_attributes([self.values], None, mean)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of everything that decides the values."""
        return fingerprint(self.values)

    @property
    def name(self) -> str:
        """How the names of dask arrays with these values begin; what follows names their blocks."""
        return f"mvn-{self.fingerprint}"

    def is_of(self, array: str) -> bool:
        """Whether a dask array of that name is this sample, and not something derived from it."""
        return array == self.name or array.startswith(f"{self.name}-")
