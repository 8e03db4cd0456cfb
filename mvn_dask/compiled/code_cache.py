"""Where compiled code is kept from one process to the next.

Input: a function that numba compiles. Output: numba's cache of its code. Cost: reading an index, some milliseconds.

numba keeps code in ``NUMBA_CACHE_DIR``, beside its source, or in the user's cache folder: in the first of them that can
be written, and it looks nowhere else. Here code is written to the same place, or else to a private folder among the
temporary files, and read wherever it lies: an image of a container is often built by another user than the one who runs
it, with home and packages that are read-only then. Code is read only if it is for this processor and these sources.
"""

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from numba.core import caching

_LOCATORS = caching.UserProvidedCacheLocator, caching.InTreeCacheLocator, caching.UserWideCacheLocator


class _TemporaryLocator(caching.UserWideCacheLocator):  # type: ignore[misc]
    """A folder of this user's among the temporary files."""

    def __init__(self, py_func: Any, py_file: str) -> None:
        super().__init__(py_func, py_file)
        self._cache_path = str(temporary_folder() / self.get_suitable_cache_subpath(py_file))

    def ensure_cache_path(self) -> None:
        """Raise OSError unless code can be written there, and nobody else could have."""
        folder = temporary_folder()
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        # Code is unpickled and run: others may write to the folder around this one.
        if hasattr(os, "getuid") and (
            not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077
        ):
            raise PermissionError(f"{folder} is not a folder of this user's alone")
        super().ensure_cache_path()


class _Writer(caching.FunctionCache):  # type: ignore[misc]
    """The first folder that can be written."""

    class _impl_class(caching.CompileResultCacheImpl):  # type: ignore[misc] # noqa: N801 - numba's name
        _locator_classes = [*_LOCATORS, _TemporaryLocator]  # noqa: RUF012 - numba's attribute


def _reader(locator: Any) -> Any:
    """A cache that needs no right to write."""

    class Readable(locator):  # type: ignore[misc]
        def ensure_cache_path(self) -> None:
            """Nothing: what is not there is not found."""

    class Reader(caching.FunctionCache):  # type: ignore[misc]
        class _impl_class(caching.CompileResultCacheImpl):  # type: ignore[misc] # noqa: N801
            _locator_classes = [Readable]  # noqa: RUF012

    return Reader


_READERS = [_reader(locator) for locator in _LOCATORS]


class CodeCache(caching.NullCache):  # type: ignore[misc]
    """The code of one function: written to one folder, read from several. What cannot be written is compiled again."""

    def __init__(self, function: Any) -> None:
        self._caches = []
        for kind in (_Writer, *_READERS):
            # RuntimeError: numba has no such folder.
            with suppress(RuntimeError, OSError):
                self._caches.append(kind(function))

    def written_folder(self) -> str | None:
        """Where code is written; None where it cannot be."""
        writes = self._caches and isinstance(self._caches[0], _Writer)
        return str(self._caches[0].cache_path) if writes else None

    def folders(self) -> list[str]:
        """All folders where code is looked for."""
        return [str(each.cache_path) for each in self._caches]

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The code for a signature, or None."""
        for cache in self._caches:
            with suppress(OSError):
                found = cache.load_overload(sig, target_context)
                if found is not None:
                    return found
        return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep the code for a signature, if that is possible."""
        if self._caches and isinstance(self._caches[0], _Writer):
            # A full disk, or a folder that was lost meanwhile.
            with suppress(OSError):
                self._caches[0].save_overload(sig, data)


def temporary_folder() -> Path:
    """Where code is kept if nowhere else; raises OSError where there is no folder for temporary files."""
    user = os.getuid() if hasattr(os, "getuid") else "user"
    return Path(tempfile.gettempdir()) / f"mvn_dask-{user}"
