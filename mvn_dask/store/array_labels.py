"""The names and labels that an array has by itself: a sample, what a store holds, and what was cut out of them.

Input: a dask array. Output: its `Labels`. Cost: a look at the graph, at the blocks along labelled axes where the array
was derived; nothing is computed.
"""

from collections.abc import Mapping
from dataclasses import replace
from itertools import count, takewhile
from typing import TYPE_CHECKING, Any, NamedTuple

from mvn_dask.description import NO_DESCRIPTION, Description
from mvn_dask.lineage import Lineage
from mvn_dask.store.format.manifest import Manifest

if TYPE_CHECKING:
    import dask.array as da

    from mvn_dask.execution.selections import Selection


class Labels(NamedTuple):
    """Names of an array's axes, and its description, where they are not those that it has by itself."""

    dimensions: tuple[str, ...]
    """Names of the axes."""
    description: Description
    """Name, attributes, coordinates and indexes."""


def labels_of(manifest: Manifest) -> Labels:
    """Those of the array that a manifest describes."""
    return Labels(manifest.array.dimensions, manifest.array.description)


def sample_labels(sample: Lineage) -> Labels:
    """Those of a sample."""
    return Labels(sample.dimensions, sample.event.whole_description)


def derived_labels(array: "da.Array") -> tuple[Labels, int]:
    """Those of an array that was derived from a sample or a store, and how many of its last axes are those of a draw.

    They are what is left of the whole, where the graph tells that; else none, and one axis.

    Numbers that are computed have other names and units than those that they are computed of, and the same labels.

    >>> import mvn_dask
    >>> x = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0, names=["oil", "gas"]).sample(10, seed=1)
    >>> labels, event_axes = derived_labels(x[:5, ::-1])
    >>> labels.description.coordinates["variable"].values.tolist()
    ['gas', 'oil']
    >>> derived_labels(x.sum(axis=0))[0].dimensions
    ('dim_0',)
    """
    from mvn_dask.execution.selections import root_of, selection_of  # here, since the plan of a job does without dask

    end = root_of(array)
    known = None if end is None else _labels_of_source(*end)
    if end is not None and known is not None:
        labels, event_axes, lengths = known
        named = {dim for each in labels.description.coordinates.values() for dim in each.dims}
        axes = [axis for axis, dim in enumerate(labels.dimensions) if dim in named]
        selection = selection_of(array, end[0], lengths, axes)
        if selection is not None:
            is_of_draw = [axis is not None and axis >= len(lengths) - event_axes for axis in selection.axes]
            return _selected(labels, selection), len(list(takewhile(bool, reversed(is_of_draw))))
    return Labels(tuple(f"dim_{axis}" for axis in range(array.ndim)), NO_DESCRIPTION), min(1, array.ndim)


def _labels_of_source(name: str, source: Any) -> tuple[Labels, int, Any] | None:
    """Labels, and axes of a draw, of the array of that name, and the lengths of its blocks.

    `source` is the node of a graph that all tasks of the array share.
    """
    from dask.array.core import normalize_chunks

    from mvn_dask.store.reading import Stored

    if isinstance(source, Stored) and source.array_name == name:
        manifest = source.manifest
        return labels_of(manifest), manifest.array.event_axes, normalize_chunks(manifest.chunks, manifest.shape)
    lineage = getattr(source, "lineage", None)
    if isinstance(lineage, Lineage) and lineage.is_of(name):
        return sample_labels(lineage), len(lineage.event.shape), source.lengths
    return None


def _selected(labels: Labels, selection: "Selection") -> Labels:
    """The labels of some places of an array."""
    dims, description = labels.dimensions, labels.description
    places: Mapping[int, Any] = {**selection.places, **selection.single}
    for axis, chosen in places.items():
        description = description.take(dims[axis], chosen)
    if selection.is_computed:
        description = replace(description, name=None, attributes={})
    names = [None if axis is None else dims[axis] for axis in selection.axes]
    for axis, name in enumerate(names):
        if name is None:
            names[axis] = next(new for number in count(axis) if (new := f"dim_{number}") not in {*dims, *names})
    return Labels(tuple(map(str, names)), description)
