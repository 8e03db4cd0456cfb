"""Where a repository of icechunk lies, and how it is opened there and made.

Input: icechunk's storage, and settings for its requests. Output: repositories. Cost: two requests or three.
"""

from typing import Any

from mvn_dask.errors import StorageNotEmptyError
from mvn_dask.store.storage.icechunk.nodes import translated


class Connection:
    """A place, with the settings for its requests; it does not travel to other processes."""

    def __init__(self, storage: Any, settings: Any = None) -> None:
        self._storage, self._settings = storage, settings

    def open(self) -> Any | None:
        """The repository; None where there is none. Raises icechunk's errors."""
        return self._open() if self._exists() else None

    def create(self, name: str) -> Any:
        """The repository of that name, which is made where there is none.

        Raises StorageNotEmptyError where something else lies.
        """
        import icechunk

        with translated(name):
            if self._exists():
                return self._open()
            try:
                # Without the settings, which icechunk would keep in the repository, for whoever opens it.
                icechunk.Repository.create(self._storage)
            except (icechunk.IcechunkError, ValueError) as error:
                if self._exists():
                    return self._open()  # another job was faster
                if "clean prefix" not in str(error):
                    raise
                raise StorageNotEmptyError(
                    f"{name} is no repository of icechunk, and not empty: `url` must name another"
                ) from None
            return self._open()

    def _exists(self) -> bool:
        import icechunk

        # The first request decides: icechunk makes its client with the settings of that one.
        return bool(icechunk.Repository.exists(self._storage, *([] if self._settings is None else [self._settings])))

    def _open(self) -> Any:
        import icechunk

        config = None if self._settings is None else icechunk.RepositoryConfig(storage=self._settings)
        return icechunk.Repository.open(self._storage, config)
