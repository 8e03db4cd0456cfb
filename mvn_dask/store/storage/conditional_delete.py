"""Delete an object of S3 if it is the one that was seen.

Input: an obstore store, a key and an entity tag. Output: the object is gone, or was another. Cost: a request; four more
before the first, and an HTTP client for each tag, which copies of one content share.

obstore has no conditional delete. S3 and Ceph compare the header If-Match of a DELETE, which a client may be configured
to send with each request. Who ignores it would delete whatever is there, so it is tried first on an object of our own;
there, and on other stores than S3, nothing is deleted.

References
----------
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html
"""

import threading
from contextlib import suppress
from typing import Any

import obstore
from obstore.exceptions import BaseError, PreconditionError
from obstore.store import S3Store

_OTHER_TAG = '"00000000000000000000000000000000"'


class ConditionalDelete:
    """Deletes objects with a given tag; `probe` is the path of an object on which it is tried."""

    def __init__(self, store: Any, probe: str) -> None:
        self._store = store
        self._probe = probe
        self._known = threading.Lock()
        self._works: bool | None = None
        self._of_tag: tuple[str, Any] | None = None

    def __call__(self, path: str, tag: str | None) -> None:
        """Delete an object, if it has that tag, and if the server compares it."""
        with self._known:
            if self._works is None:
                self._works = isinstance(self._store, S3Store) and self._compares()
            if not self._works or tag is None:
                return
            if self._of_tag is None or self._of_tag[0] != tag:
                self._of_tag = tag, self._client(tag)
            store = self._of_tag[1]
        with suppress(PreconditionError, FileNotFoundError):
            obstore.delete(store, path)

    def _compares(self) -> bool:
        """Whether the server leaves an object of another tag alone."""
        try:
            obstore.put(self._store, self._probe, b"tried", use_multipart=False)
            with suppress(PreconditionError):
                obstore.delete(self._client(_OTHER_TAG), self._probe)
            obstore.head(self._store, self._probe)
        except (BaseError, OSError, ValueError):
            return False
        finally:
            with suppress(BaseError, OSError, ValueError):
                obstore.delete(self._store, self._probe)
        return True

    def _client(self, tag: str) -> Any:
        options: Any = dict(self._store.client_options or {})
        # A bulk deletion is another request, whose header says nothing about the objects in its body.
        config: Any = {**self._store.config, "disable_bulk_delete": "true"}
        options["default_headers"] = {**options.get("default_headers", {}), "If-Match": tag}
        return S3Store(
            prefix=self._store.prefix,
            config=config,
            client_options=options,
            retry_config=self._store.retry_config,
            credential_provider=self._store.credential_provider,
        )
