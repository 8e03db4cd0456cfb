"""Zarr arrays, in a folder or at an object-store URL. Reads the whole array, and the coordinates of its dimensions.

Where dimensions have names, as xarray writes them, an array of that name in the same group labels the variables. Both
are unpacked as xarray does it, by the attributes of the CF conventions.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from mvn_dask.coordinates import Coordinate
from mvn_dask.errors import ArgumentError, InvalidDistributionError, StorageError, TransportError
from mvn_dask.event import Event
from mvn_dask.job.inputs.base import InputArray, Origin, as_input_array, check_kind, first_index, labelled_input
from mvn_dask.job.inputs.numpy_files import select_array
from mvn_dask.job.inputs.zarr_descriptions import as_labels, as_truth_values, description_of
from mvn_dask.job.toml_format import preview
from mvn_dask.packing import MISSING_MARKS, dates, is_missing, stored_attributes, unpack

Found = TypeVar("Found")
Use = Callable[[Origin, Any, Callable[[], Any]], Found]
"""What is made of an array: of its origin, the array, and what opens the group of its coordinates."""
AxisLabels = tuple[str, list[object], tuple[str, Coordinate | None]]
"""Where labels stand, the labels, and the name of their dimension, with what they are there in a mean."""
_DOCUMENTS = ("zarr.json", ".zarray", ".zgroup")
"""Metadata documents of a Zarr array or group, in versions 3 and 2."""


def read_zarr(origin: Origin, path: Path, key: str | None, use: Use[Found]) -> Found:
    """What `use` makes of the array in a folder, or in the group there."""
    if not any((path / document).is_file() for document in _DOCUMENTS):
        raise origin.invalid("is a folder, and no Zarr array or group")
    from zarr.storage import LocalStore

    # Not as a text, which Zarr may take for a URL.
    return _read(origin, LocalStore(path, read_only=True), key, lambda: LocalStore(path.parent, read_only=True), use)


def read_zarr_url(origin: Origin, url: str, options: Mapping[str, Any], key: str | None, use: Use[Found]) -> Found:
    """The same of an object-store URL; `options` are those of ``obstore.store.from_url``."""
    from mvn_dask.store.storage.addressing import open_storage
    from mvn_dask.store.storage.object_options import obstore_options

    if url.startswith("memory:"):
        raise origin.missing("an array cannot be read from memory, which other processes do not share")
    try:
        storage = open_storage(url, options)
    except StorageError as error:
        raise origin.missing(str(error)) from None
    if all(storage.entry(document) is None for document in _DOCUMENTS):
        raise origin.missing("there is no Zarr array or group")
    from obstore.store import from_url
    from zarr.storage import ObjectStore

    def at(place: str) -> Any:
        return ObjectStore(from_url(place, **obstore_options(options)), read_only=True)

    return _read(origin, at(url), key, lambda: at(url.rstrip("/").rpartition("/")[0]), use)


def _read(origin: Origin, store: Any, key: str | None, open_above: Callable[[], Any], use: Use[Found]) -> Found:
    """The array in a store, or in its group; `open_above` gives the store around it, where coordinates may lie."""
    import zarr

    with refuse_damaged(origin):
        found: Any = zarr.open(store, mode="r")
        group: Any = None
        if isinstance(found, zarr.Group):
            deep = key is not None and key in found
            name = str(key) if deep else select_array(origin, sorted(found.array_keys()), key)
            group = found[name.rpartition("/")[0]] if "/" in name else found
            found = found[name]
        elif key is not None:
            raise origin.invalid(f"there is no array {preview(key)} in it: it is an array itself")
        if isinstance(found, zarr.Group):
            raise origin.invalid(f"{preview(key)} in it is a group, and no array")
        return use(origin, found, (lambda: group) if group is not None else lambda: _group_in(open_above))


@contextmanager
def refuse_damaged(origin: Origin) -> Iterator[None]:
    """Inside the body, whatever reading an array raises is an InvalidDistributionError, without the text of others."""
    try:
        yield
    except (InvalidDistributionError, TransportError):
        raise
    except ArgumentError as error:
        raise origin.invalid(str(error)) from None
    except Exception as error:  # noqa: BLE001 whatever a damaged or hostile array raises
        # Its text may quote the request, and with it credentials.
        raise origin.invalid(f"cannot be read as a Zarr array ({type(error).__name__})") from None


def whole_array(origin: Origin, found: Any, open_group: Callable[[], Any]) -> InputArray:
    """All numbers of an array, and the labels along its axes."""
    check_kind(origin, found.dtype, found.shape)
    labels = axis_labels(origin, found, open_group)
    event = _event(origin, found, labels)
    if event is not None:
        described = description_of(found, open_group(), _dimensions, partial(_coordinate, origin))
        event = replace(event, description=described)
    given = as_input_array(origin, _unpacked(origin, found, origin.key))
    if given.array.ndim > 1 and origin.form == "draw":
        return replace(given, event=event)
    return replace(labelled_input(origin, given.array, [(where, texts) for where, texts, _ in labels]), event=event)


def _event(origin: Origin, array: Any, labels: Sequence[AxisLabels]) -> Event | None:
    """Names and labels of the axes of a mean, where it has names of all."""
    dims = _dimensions(array)
    if origin.form != "draw" or dims is None or len(set(dims)) < len(dims) or not all(isinstance(d, str) for d in dims):
        return None
    known = dict(found for _, _, found in labels)
    return Event(array.shape, tuple(dims), tuple(map(known.get, dims)))


def _dimensions(array: Any) -> Sequence[Any] | None:
    """Names of an array's dimensions, of Zarr's version 3, or of version 2 as xarray writes it."""
    dims = getattr(array.metadata, "dimension_names", None) or array.attrs.get("_ARRAY_DIMENSIONS")
    return dims if isinstance(dims, (list, tuple)) and len(dims) == array.ndim else None


def _unpacked(origin: Origin, array: Any, name: str) -> Any:
    """The numbers or labels that an array means."""
    refuse_pickles(origin, array)
    stored = np.asarray(array[...])
    if stored.dtype.kind not in "biuf":
        return stored
    attributes = stored_attributes(array)
    where = first_index(is_missing(stored, attributes))
    if where is not None:
        marks = " and ".join(f"`{key}`" for key in MISSING_MARKS if key in attributes)
        raise origin.invalid(
            f"must have no missing values, which {marks} marks: {name}{list(where)} is {stored[where]}"
        )
    return unpack(stored, attributes)


def refuse_pickles(origin: Origin, array: Any) -> None:
    """Raise InvalidDistributionError for an array that holds pickles."""
    # Codecs of Zarr's version 2 may unpickle.
    codecs = [*(getattr(array.metadata, "filters", None) or ()), getattr(array.metadata, "compressor", None)]
    if any(getattr(codec, "codec_id", None) == "pickle" for codec in codecs):
        raise origin.invalid("holds pickled Python objects, which are never loaded")


def _group_in(open_store: Callable[[], Any]) -> Any:
    """The group in a store, or an empty mapping if there is none."""
    import zarr

    try:
        return zarr.open_group(open_store(), mode="r")
    except Exception:  # noqa: BLE001 whatever lies above an array need not be Zarr's, nor readable
        return {}


def axis_labels(origin: Origin, array: Any, open_group: Callable[[], Any]) -> list[AxisLabels]:
    """The labels along each dimension that has any, where they stand, and the dimension."""
    import zarr

    dims = _dimensions(array)
    if dims is None:
        return []
    group, found = open_group(), []
    variables = {"rows": (0,), "columns": (1,)}.get(origin.form, range(array.ndim))
    for axis, (dim, length) in enumerate(zip(dims, array.shape, strict=True)):
        if axis not in variables:
            continue
        coordinate: Any = group.get(dim) if isinstance(dim, str) and dim and "/" not in dim else None
        if not isinstance(coordinate, zarr.Array) or coordinate.shape != (length,) or coordinate.name == array.name:
            continue
        if coordinate.dtype.kind in "biufUSTO":
            where = f"its coordinate {preview(dim)}"
            numbers = _unpacked(origin, coordinate, where)
            texts, values = _labels_of(numbers, coordinate)
            found.append((where, texts, (dim, Coordinate.of(dim, values) if origin.form == "draw" else None)))
    return found


def _coordinate(origin: Origin, array: Any, name: str) -> tuple[Any, bool]:
    """The labels of a coordinate of any shape, and whether they are times."""
    numbers = _unpacked(origin, array, f"its coordinate {preview(name)}")
    attributes = dict(array.attrs)
    found = as_labels(numbers, attributes)
    if found is numbers:
        found = np.asarray(_labels_of(numbers.reshape(-1), array)[1])
    labels = found.astype(object) if found.dtype.kind in "UT" else found
    return labels.reshape(numbers.shape), labels.dtype.kind in "mM" or found.dtype != numbers.dtype


def _labels_of(numbers: Any, coordinate: Any) -> tuple[list[object], Any]:
    """The labels that the numbers or texts of a coordinate are, dates as pandas writes them; and an array of them."""
    attributes = dict(coordinate.attrs)
    numbers = as_truth_values(numbers, attributes)
    if numbers.dtype.kind in "iuf" and " since " in str(attributes.get("units")):
        if (found := dates(numbers, attributes)) is not None:
            return list(found), np.array(found, dtype="datetime64[ns]")
        # Of other calendars the number says nothing without its unit, which two files may count from other days.
        texts = [f"{number} {attributes['units']}" for number in numbers.tolist()]
        return list(texts), texts
    return list(numbers.tolist()), numbers
