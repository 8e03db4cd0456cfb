"""The layout of a stored array: its axes, their names and labels, and how it is cut.

Input: fields of a manifest, which may be hostile. Output: an `ArrayLayout`, which is consistent. Cost: O(labels).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from mvn_dask.checks import MAX_AXES
from mvn_dask.coordinates import Coordinate
from mvn_dask.event import Event
from mvn_dask.readable import plural

MAX_CHUNKS = 10**7
"""Chunks of a store, at most: a bit of memory is kept for each."""

MEAN = "mean"
"""Name of the mean, among the parameters and as an array of a store."""
RESERVED = ("samples", MEAN)
"""Names of arrays in a store, which no dimension may have."""

_DIMENSION = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


DIMENSION_RULE = (
    "dimensions of a store are named by at most 64 letters, digits and underscores, a letter first, and not "
    + " or ".join(map(repr, RESERVED))
)
"""What `may_name_dimension` asks for, in words."""


def may_name_dimension(name: str) -> bool:
    """Whether a store may have a dimension of this name, which is also the folder of the labels along it."""
    # Names of folders, which some file systems tell apart whatever the case of their letters.
    return _DIMENSION.fullmatch(name) is not None and name.lower() not in RESERVED


@dataclass(frozen=True)
class ArrayLayout:
    """An array and how it is cut."""

    shape: tuple[int, ...]
    """Shape of the array."""
    chunks: tuple[int, ...]
    """Shape of a chunk, at least 1 along every axis."""
    inner_chunks: tuple[int, ...] | None
    """Shape of the inner chunks of a chunk, which then is a shard; they divide its first axis longer than 1."""
    dtype: np.dtype[Any]
    """Type of the numbers."""
    dimensions: tuple[str, ...]
    """Names of the axes."""
    event_axes: int
    """How many of the axes, the last ones, are those of a draw; 1 of a derived array, unless it has no axis."""
    coordinates: Mapping[str, Coordinate]
    """Labels along axes, by their names."""

    def __post_init__(self) -> None:
        chunks, inner = self.chunks, self.chunks if self.inner_chunks is None else self.inner_chunks
        if len(self.shape) > MAX_AXES:
            raise ValueError(f"an array of {len(self.shape)} axes has more than {MAX_AXES}")
        if len({len(self.shape), len(chunks), len(inner), len(self.dimensions)}) > 1:
            raise ValueError(f"shape {self.shape}, chunks {chunks}, {inner} and dimensions {self.dimensions} disagree")
        if 0 in chunks or 0 in inner:
            raise ValueError(f"chunks {chunks} and inner chunks {inner} must be at least 1")
        self._check_dimensions()
        first = next((axis for axis, chunk in enumerate(chunks) if chunk > 1), 0)
        if any(a % b if axis == first else a != b for axis, (a, b) in enumerate(zip(chunks, inner, strict=True))):
            raise ValueError(f"inner chunks {inner} do not divide chunks {chunks} along the first axis")
        # Of an empty array, too: its grid along the other axes must not be allocated.
        count = prod(max(1, -(-n // chunk)) for n, chunk in zip(self.shape, chunks, strict=True))
        if count > MAX_CHUNKS or prod(chunks) // prod(inner) > MAX_CHUNKS:
            raise ValueError(f"shape {self.shape} and chunks {chunks} make more than {MAX_CHUNKS} chunks")

    def _check_dimensions(self) -> None:
        if not all(map(may_name_dimension, self.dimensions)):
            raise ValueError(f"dimensions {self.dimensions} must be words, and none of {', '.join(RESERVED)}")
        if self.event_axes > len(self.shape):
            raise ValueError(f"the shape {self.shape} has less than {self.event_axes} axes, which a draw has")
        lengths = dict(zip(self.dimensions, self.shape, strict=True))
        folders = {dim.lower() for dim in self.dimensions}
        if len(folders) < len(self.shape) and self.coordinates:
            raise ValueError(
                f"dimensions {self.dimensions} with coordinates must differ, and not by the case of letters alone"
            )
        for dim, coordinate in self.coordinates.items():
            if lengths.get(dim) != len(coordinate):
                raise ValueError(
                    f"the shape {self.shape} does not go with {plural(len(coordinate), 'label')} along {dim!r}"
                )

    @cached_property
    def event(self) -> Event:
        """Shape of a draw, with the names and labels of its axes; of a derived array, its last axis."""
        first = len(self.shape) - self.event_axes
        dims = self.dimensions[first:]
        return Event(self.shape[first:], dims, tuple(map(self.coordinates.get, dims)))

    @property
    def size(self) -> tuple[int, ...]:
        """Shape without the axes of a draw."""
        return self.shape[: len(self.shape) - self.event_axes]
