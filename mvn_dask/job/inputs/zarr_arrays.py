"""Zarr arrays, in a folder or at an object-store URL. Reads the whole array."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mvn_dask.errors import InvalidDistributionError, StorageError, TransportError
from mvn_dask.job.inputs.base import InputArray, Origin, as_input_array, check_kind
from mvn_dask.job.inputs.numpy_files import select_array
from mvn_dask.job.toml_format import preview

_DOCUMENTS = ("zarr.json", ".zarray", ".zgroup")
"""Metadata documents of a Zarr array or group, in versions 3 and 2."""


def read_zarr(origin: Origin, path: Path, key: str | None) -> InputArray:
    """The array in a folder, or in the group there."""
    if not any((path / document).is_file() for document in _DOCUMENTS):
        raise origin.invalid("is a folder, and no Zarr array or group")
    return _read(origin, str(path), key)


def read_zarr_url(origin: Origin, url: str, options: Mapping[str, Any], key: str | None) -> InputArray:
    """The array at an object-store URL, or in the group there; `options` are those of ``obstore.store.from_url``."""
    from mvn_dask.store.storage.addressing import open_storage

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

    return _read(origin, ObjectStore(from_url(url, **options), read_only=True), key)


def _read(origin: Origin, location: Any, key: str | None) -> InputArray:
    import zarr

    try:
        found: Any = zarr.open(location, mode="r")
        if isinstance(found, zarr.Group):
            deep = key is not None and key in found
            name = str(key) if deep else select_array(origin, sorted(found.array_keys()), key)
            found = found[name]
        elif key is not None:
            raise origin.invalid(f"there is no array {preview(key)} in it: it is an array itself")
        if isinstance(found, zarr.Group):
            raise origin.invalid(f"{preview(key)} in it is a group, and no array")
        check_kind(origin, found.dtype, found.shape)
        # Codecs of Zarr's version 2 may unpickle.
        codecs = [*(getattr(found.metadata, "filters", None) or ()), getattr(found.metadata, "compressor", None)]
        if any(getattr(codec, "codec_id", None) == "pickle" for codec in codecs):
            raise origin.invalid("holds pickled Python objects, which are never loaded")
        numbers = found[...]
    except (InvalidDistributionError, TransportError):
        raise
    except Exception as error:  # noqa: BLE001 whatever a damaged or hostile array raises
        # Its text may quote the request, and with it credentials.
        raise origin.invalid(f"cannot be read as a Zarr array ({type(error).__name__})") from None
    return as_input_array(origin, numbers)
