"""Zarr arrays, in a folder or behind a URL."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mvn_dask.errors import InvalidDistributionError, StorageError, TransportError
from mvn_dask.job.inputs.base import Input, Origin, as_input, check_kind
from mvn_dask.job.inputs.numpy_files import chosen
from mvn_dask.job.spelling import shown

_DOCUMENTS = ("zarr.json", ".zarray", ".zgroup")
"""Files by which a Zarr array or group is known, in version 3 and 2."""


def read_zarr(origin: Origin, path: Path, key: str | None) -> Input:
    """The array in a folder, or in the group that lies there.

    Raises
    ------
    InvalidDistributionError
        If there is no such array, or it holds anything but numbers.
    """
    if not any((path / document).is_file() for document in _DOCUMENTS):
        raise origin.invalid("is a folder, and no Zarr array or group")
    return _read(origin, str(path), key)


def read_zarr_url(origin: Origin, url: str, options: Mapping[str, Any], key: str | None) -> Input:
    """The array behind a URL, or in the group that lies there.

    Parameters
    ----------
    origin : Origin
        What errors call it.
    url : str
        An ``s3://``, ``gs://`` or ``az://`` URL.
    options : mapping
        What ``obstore.store.from_url`` takes beside it.
    key : str or None
        Name of the array in a group.

    Raises
    ------
    InvalidDistributionError
        If it holds anything but numbers.
    JobFileError
        If there is none, or the URL or its options are not understood.
    TransportError
        If the object store answers with an error, or not at all.
    """
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


def _read(origin: Origin, place: Any, key: str | None) -> Input:
    import zarr

    try:
        found: Any = zarr.open(place, mode="r")
        if isinstance(found, zarr.Group):
            found = found[key if key is not None and key in found else chosen(origin, sorted(found.array_keys()), key)]
        elif key is not None:
            raise origin.invalid(f"there is no array {shown(key)} in it: it is an array itself")
        if isinstance(found, zarr.Group):
            raise origin.invalid(f"{shown(key)} in it is a group, and no array")
        check_kind(origin, found.dtype, found.shape)
        _refuse_foreign_code(origin, found)
        numbers = found[...]
    except (InvalidDistributionError, TransportError):
        raise
    except Exception as error:  # noqa: BLE001 whatever a damaged or hostile array raises
        # Its text may hold a request, and with it what is secret.
        raise origin.invalid(f"cannot be read as a Zarr array ({type(error).__name__})") from None
    return as_input(origin, numbers)


def _refuse_foreign_code(origin: Origin, array: Any) -> None:
    """Refuse what Zarr's version 2 would unpickle."""
    metadata = array.metadata
    codecs = [*(getattr(metadata, "filters", None) or ()), getattr(metadata, "compressor", None)]
    if any(getattr(codec, "codec_id", None) == "pickle" for codec in codecs):
        raise origin.invalid("holds pickled Python objects, which are never loaded")
