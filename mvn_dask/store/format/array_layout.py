"""The layout of a stored array: its axes, their names and labels, and how it is cut.

Input: fields of a manifest, which may be hostile. Output: an `ArrayLayout`, which is consistent. Cost: O(labels).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from mvn_dask.checks import MAX_AXES
from mvn_dask.coordinates import Coordinate
from mvn_dask.description import DEFAULT_NAME, Description
from mvn_dask.event import Event
from mvn_dask.origin_attributes import MEAN
from mvn_dask.store.format.stored_attributes import checked_attributes
from mvn_dask.store.format.stored_coordinates import StoredCoordinate, level_labels

MAX_CHUNKS = 10**7
"""Chunks of a store, at most: a bit of memory is kept for each."""

RESERVED = (DEFAULT_NAME, MEAN)
"""Names of arrays in a store, which no dimension and no coordinate may have."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_WORD = "named by at most 64 letters, digits, underscores and hyphens, a letter or digit first, and not"
DIMENSION_RULE = f"dimensions of a store are {_WORD} {' or '.join(map(repr, RESERVED))}"
"""What `may_name_dimension` asks for, in words."""
COORDINATE_RULE = DIMENSION_RULE.replace("dimensions", "coordinates")
"""The same of coordinates."""
NAME_RULE = f"the array of a store is {_WORD} {MEAN!r}"
"""What `may_name_array` asks for, in words."""


def may_name_dimension(name: str) -> bool:
    """Whether a store may have a dimension of this name, which is also the folder of the labels along it."""
    # Names of folders, which some file systems tell apart whatever the case of their letters.
    return _NAME.fullmatch(name) is not None and name.lower() not in RESERVED


def may_name_array(name: str) -> bool:
    """Whether the array of a store may have this name, which is also the folder of its chunks."""
    return _NAME.fullmatch(name) is not None and name.lower() != MEAN


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
    coordinates: Mapping[str, StoredCoordinate]
    """Coordinates by their names; those of an axis bear its name."""
    indexes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Axes that are labelled by several coordinates together, and which: the levels of a MultiIndex."""
    name: str = DEFAULT_NAME
    """Name of the array in its group."""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    """The array's own attributes."""

    def __post_init__(self) -> None:
        chunks, inner = self.chunks, self.chunks if self.inner_chunks is None else self.inner_chunks
        if len(self.shape) > MAX_AXES:
            raise ValueError(f"an array of {len(self.shape)} axes has more than {MAX_AXES}")
        if len({len(self.shape), len(chunks), len(inner), len(self.dimensions)}) > 1:
            raise ValueError(f"shape {self.shape}, chunks {chunks}, {inner} and dimensions {self.dimensions} disagree")
        if 0 in chunks or 0 in inner:
            raise ValueError(f"chunks {chunks} and inner chunks {inner} must be at least 1")
        self._check_dimensions()
        self._check_coordinates()
        checked_attributes(self.attributes)
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
        folders = {dim.lower() for dim in self.dimensions}
        if len(folders) < len(self.shape) and self.coordinates:
            raise ValueError(
                f"dimensions {self.dimensions} with coordinates must differ, and not by the case of letters alone"
            )

    def _check_coordinates(self) -> None:
        for name, coordinate in self.coordinates.items():
            coordinate.shape_in(self.lengths)
            if not may_name_dimension(name) or (name in self.lengths and coordinate.dims != (name,)):
                raise ValueError(f"{name!r} cannot be a coordinate along {coordinate.dims}")
        folders = [name.lower() for name in {*self.dimensions, *self.coordinates}]
        is_twice = self.name.lower() in folders or (self.coordinates and len(set(folders)) < len(folders))
        if not may_name_array(self.name) or is_twice:
            raise ValueError(
                f"the array's name {self.name!r}, and those of its dimensions and coordinates {sorted(folders)}, "
                "must be words that differ, and not by the case of letters alone"
            )
        for dim, levels in self.indexes.items():
            found = [self.coordinates[level] for level in levels if level in self.coordinates]
            is_along = dim in self.lengths and all(each.dims == (dim,) for each in found)
            if not levels or not is_along or len(found) < len(levels) or dim in self.coordinates:
                raise ValueError(f"the levels {levels} of {dim!r} must be coordinates along it")

    @cached_property
    def lengths(self) -> dict[str, int]:
        """Lengths of the axes, by their names."""
        return dict(zip(self.dimensions, self.shape, strict=True))

    @cached_property
    def axis_labels(self) -> dict[str, Coordinate]:
        """Labels of the places along an axis, where there are any that differ and none is missing, by its name."""
        found = {}
        for dim in self.dimensions:
            if dim in self.indexes:
                labels = level_labels([self.coordinates[level] for level in self.indexes[dim]])
            else:
                labels = self.coordinates[dim].axis_labels() if dim in self.coordinates else None
            if labels is not None:
                found[dim] = labels
        return found

    @cached_property
    def description(self) -> Description:
        """Name, attributes, coordinates and indexes, as values."""
        coordinates = {name: each.array(each.shape_in(self.lengths)) for name, each in self.coordinates.items()}
        return Description(self.name, dict(self.attributes), coordinates, self.indexes)

    @cached_property
    def event(self) -> Event:
        """Shape of a draw, with the names and labels of its axes; of a derived array, its last axis."""
        first = len(self.shape) - self.event_axes
        dims = self.dimensions[first:]
        labels = tuple(map(self.axis_labels.get, dims))
        return Event(self.shape[first:], dims, labels, self.description.along(dims))

    @property
    def size(self) -> tuple[int, ...]:
        """Shape without the axes of a draw."""
        return self.shape[: len(self.shape) - self.event_axes]
