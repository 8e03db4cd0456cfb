"""A Zarr store whose metadata documents stay in memory until everything else is on disk.

No Zarr reader, whatever its version or language, can open what has no ``zarr.json``.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Self

from zarr.abc.store import ByteRequest
from zarr.core.buffer import Buffer, BufferPrototype, default_buffer_prototype
from zarr.storage import LocalStore, WrapperStore

from mvn_dask.atomic import atomic_write

DOCUMENT = "zarr.json"


class StagedStore(WrapperStore[LocalStore]):
    """A local store that holds ``zarr.json`` documents back and writes everything else through.

    Parameters
    ----------
    store : LocalStore
        Where everything else goes.
    """

    def __init__(self, store: LocalStore) -> None:
        super().__init__(store)
        self.documents: dict[str, bytes] = {}

    def _with_store(self, store: LocalStore) -> Self:
        copy = super()._with_store(store)
        copy.documents = self.documents
        return copy

    def _held(self, key: str) -> bool:
        return key == DOCUMENT or key.endswith(f"/{DOCUMENT}")

    def _document(self, key: str, prototype: BufferPrototype | None) -> Buffer | None:
        content = self.documents.get(key)
        if content is None:
            return None
        return (prototype or default_buffer_prototype()).buffer.from_bytes(content)

    async def get(self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None) -> Buffer | None:
        if self._held(key):
            return self._document(key, prototype)
        return await super().get(key, prototype, byte_range)

    async def set(self, key: str, value: Buffer) -> None:
        if self._held(key):
            self.documents[key] = value.to_bytes()
        else:
            await super().set(key, value)

    async def set_if_not_exists(self, key: str, value: Buffer) -> None:
        if self._held(key):
            self.documents.setdefault(key, value.to_bytes())
        else:
            await super().set_if_not_exists(key, value)

    async def exists(self, key: str) -> bool:
        return key in self.documents if self._held(key) else await super().exists(key)

    async def list_dir(self, prefix: str) -> AsyncIterator[str]:
        """Only what is staged: what else lies on the disk is no part of the hierarchy."""
        start = f"{prefix.rstrip('/')}/" if prefix else ""
        names = {key[len(start) :].split("/")[0] for key in self.documents if key.startswith(start)}
        for name in sorted(names):
            yield name

    # zarr 3.2 and later go through these where the wrapped store has them.

    def get_sync(
        self,
        key: str,
        *,
        prototype: BufferPrototype | None = None,
        byte_range: ByteRequest | None = None,
    ) -> Buffer | None:
        """`get` without an event loop."""
        if self._held(key):
            return self._document(key, prototype)
        inner: Any = self._store
        found: Buffer | None = inner.get_sync(key, prototype=prototype, byte_range=byte_range)
        return found

    def set_sync(self, key: str, value: Buffer) -> None:
        """`set` without an event loop."""
        if self._held(key):
            self.documents[key] = value.to_bytes()
        else:
            inner: Any = self._store
            inner.set_sync(key, value)

    def commit(self, folder: Path) -> None:
        """Write the documents, inner ones first, the root's last."""
        for key in sorted(self.documents, key=lambda key: (-key.count("/"), key)):
            with atomic_write(folder / key) as file:
                file.write(self.documents[key])
