"""Zarr's documents of a store's arrays, where storage needs them before there are chunks.

Input: a session and a manifest. Output: documents, labels and the mean, and what a history of the store says of them.
Cost: that of making the documents, in memory; nothing where storage keeps chunks without them.
"""

from mvn_dask._typing import Arrays
from mvn_dask.store.format.file_writer import FileWriter
from mvn_dask.store.format.manifest import Manifest
from mvn_dask.store.format.members import members
from mvn_dask.store.format.metadata import write_arrays, zarr_files
from mvn_dask.store.storage.base import Session, Storage


def write_known_arrays(session: Session, storage: Storage, manifest: Manifest, arrays: Arrays) -> None:
    """Write Zarr's documents but the root's, where the storage keeps chunks of arrays alone whose documents it has."""
    if storage.needs_documents:
        write_arrays(session, FileWriter(storage, manifest), zarr_files(manifest, arrays), members(storage, manifest))
    session.save(f"begin {described(manifest)}")


def described(manifest: Manifest) -> str:
    """What a store holds, for the history of a storage that has one."""
    what = "a sample" if manifest.is_sample else "an array derived from samples"
    return f"{what} of shape {manifest.shape}, {manifest.dtype}, fingerprint {manifest.fingerprint[:16]}…"
