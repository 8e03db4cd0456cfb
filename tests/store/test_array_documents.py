"""Documents before chunks, where storage needs them."""

from pathlib import Path

import mvn_dask
from mvn_dask.store.array_documents import described, write_known_arrays
from mvn_dask.store.array_manifest import manifest_of
from mvn_dask.store.storage.addressing import open_storage
from mvn_dask.store.storage.base import MANIFEST_KEY
from tests.support.repositories import url_of
from tests.support.stores import labelled


def test_they_are_written_where_storage_needs_them_and_never_the_root(tmp_path: Path) -> None:
    manifest, arrays = manifest_of(labelled())
    for url, needed in ((str(tmp_path / "folder"), False), (url_of(tmp_path / "repository"), True)):
        storage = open_storage(url)
        with storage.session() as session:
            assert storage.create(MANIFEST_KEY, manifest.text)
            write_known_arrays(session, storage, manifest, arrays)
        keys = {entry.key for entry in storage.entries() if not entry.key.startswith(".mvn_dask/")}
        assert keys == ({"samples/zarr.json", "variable/zarr.json", "variable/c/0"} if needed else set())


def test_a_history_says_what_a_store_holds() -> None:
    array = labelled()
    assert described(manifest_of(array)[0]).startswith("a sample of shape (1000, 2), float64, fingerprint ")
    derived = mvn_dask.combine(array, [1.0, 2.0])
    assert described(manifest_of(derived)[0]).startswith("an array derived from samples of shape (1000,), float64")
