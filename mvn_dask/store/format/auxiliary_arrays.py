"""Arrays of a store beside its samples: its coordinates, and the mean where it is long, or has several axes.

Input: a manifest and the mean. Output: Zarr arrays of a chunk each, which xarray takes for coordinates, and for a
second variable. Cost: a copy of the mean. Times are written by the conventions of CF (https://cfconventions.org), as
integers with their units; points in time before 1678 or after 2262, which xarray does not read, as texts.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mvn_dask.origin_attributes import MAX_MEAN_SIZE, MEAN
from mvn_dask.store.format.hierarchy import DOCUMENT
from mvn_dask.store.format.manifest import Manifest
from mvn_dask.store.format.stored_coordinates import StoredCoordinate
from mvn_dask.typed_texts import TIME_UNITS

_YEARS = np.arange(1678, 2262)
"""Those whose points in time xarray reads by itself."""


def has_mean_array(manifest: Manifest) -> bool:
    """Whether the mean is an array of the store, and no attribute."""
    info, ndim = manifest.parameters.get(MEAN), manifest.event.ndim
    # A forged one may have another shape; whoever draws refuses it.
    is_vector = info is not None and info.shape == (ndim,)
    return is_vector and (manifest.array.event_axes > 1 or ndim > MAX_MEAN_SIZE)


def auxiliary_arrays(manifest: Manifest) -> Mapping[str, tuple[int, ...]]:
    """Arrays beside the samples: names and shapes."""
    lengths = manifest.array.lengths
    found = {name: each.shape_in(lengths) for name, each in manifest.array.coordinates.items()}
    return {**found, **({MEAN: manifest.event.shape} if has_mean_array(manifest) else {})}


def auxiliary_chunks(manifest: Manifest) -> Iterator[str]:
    """Keys of their chunks; an empty array has none."""
    return (chunk_of(name, shape) for name, shape in auxiliary_arrays(manifest).items() if 0 not in shape)


def auxiliary_keys(manifest: Manifest) -> Iterator[str]:
    """Keys of their documents and chunks."""
    yield from (f"{name}/{DOCUMENT}" for name in auxiliary_arrays(manifest))
    yield from auxiliary_chunks(manifest)


def chunk_of(name: str, shape: tuple[int, ...]) -> str:
    """Key of the only chunk of an array."""
    return "/".join((name, "c", *("0" for _ in shape)))


def write_auxiliary_arrays(group: Any, manifest: Manifest, mean: npt.NDArray[Any] | None) -> None:
    """Create the arrays in a group of Zarr's; without the mean, its array remains without a chunk."""
    shapes = auxiliary_arrays(manifest)
    for name, coordinate in manifest.array.coordinates.items():
        values, attributes = _encoded(coordinate, shapes[name])
        array = _create(group, name, values.shape, values.dtype, coordinate.dims, attributes)
        if values.size:
            array[...] = values
    if has_mean_array(manifest):
        event, dtype = manifest.event, manifest.parameters[MEAN].dtype
        array = _create(group, MEAN, event.shape, dtype, event.dims, _attributes_of_mean(manifest))
        if mean is not None:
            array[:] = mean.reshape(event.shape)


def _create(
    group: Any,
    name: str,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    dimensions: tuple[str, ...],
    attributes: Mapping[str, Any],
) -> Any:
    from zarr.codecs import Crc32cCodec

    return group.create_array(
        name,
        shape=shape,
        chunks=tuple(max(1, length) for length in shape),
        dtype=str if dtype.kind == "O" else dtype,
        # What a reader sees where the chunk is lost: no number that could be one of these.
        fill_value={"f": np.nan, "i": np.iinfo(np.int64).min}.get(dtype.kind) if dtype.itemsize == 8 else None,
        compressors=[Crc32cCodec()],
        dimension_names=dimensions,
        attributes=dict(attributes),
        config={"write_empty_chunks": True},  # a chunk of zeros alone would be left out
    )


def coordinate_names(manifest: Manifest, dims: Sequence[str]) -> dict[str, str]:
    """The attribute by which the conventions of CF name the coordinates of an array, beside those of its axes."""
    lengths = manifest.array.lengths
    others = [
        name for name, each in manifest.array.coordinates.items() if name not in lengths and set(each.dims) <= set(dims)
    ]
    return {"coordinates": " ".join(sorted(others))} if others else {}


def _attributes_of_mean(manifest: Manifest) -> dict[str, Any]:
    """Its unit, which is that of the samples, and the names of its coordinates."""
    own = {name: value for name, value in manifest.array.attributes.items() if name == "units"}
    return own | coordinate_names(manifest, manifest.event.dims)


def _encoded(coordinate: StoredCoordinate, shape: tuple[int, ...]) -> tuple[npt.NDArray[Any], dict[str, Any]]:
    """The labels as Zarr holds them, and the attributes, with those that say what they are."""
    values, attributes = coordinate.array(shape).values, dict(coordinate.attributes)
    kind = values.dtype.kind
    if kind not in "mM":
        return values, attributes
    years = values[~np.isnat(values)].astype("M8[Y]").astype(np.int64) + 1970 if kind == "M" else _YEARS
    if not np.isin(years, _YEARS).all():
        return np.array(coordinate.labels, dtype=object).reshape(shape), attributes  # xarray would refuse the store
    unit = TIME_UNITS[np.datetime_data(values.dtype)[0]]
    if kind == "M":
        of_time = {"units": f"{unit} since 1970-01-01", "calendar": "proleptic_gregorian"}
    else:
        of_time = {"units": unit, "dtype": values.dtype.name}
    return values.astype(np.int64), attributes | of_time
