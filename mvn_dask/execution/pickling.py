"""How work travels to other processes: once."""

import pickle
import threading
import uuid
from collections.abc import Mapping
from typing import Any

import cloudpickle

from mvn_dask._typing import ArrayLoader
from mvn_dask.lineage import shelved


class PickledOnce:
    """An object that travels to other processes: pickled at most once, and unpickled once in each of them.

    Parameters
    ----------
    value : object
        Whatever cloudpickle takes.
    shelf : mapping
        Arrays that the other processes can load themselves, by their digests; see `mvn_dask.hashing.shelved`.
    """

    def __init__(self, value: object, shelf: Mapping[str, ArrayLoader]) -> None:
        self._token = uuid.uuid4().hex
        self._value: Any = value
        self._shelf: Mapping[str, ArrayLoader] = shelf
        self._payload = b""

    def __getstate__(self) -> tuple[str, bytes]:
        with _arrival:
            if not self._payload:
                with shelved(self._shelf):
                    self._payload = cloudpickle.dumps(self._value)
        return self._token, self._payload

    def __setstate__(self, state: tuple[str, bytes]) -> None:
        self._token, self._payload = state
        self._value, self._shelf = None, {}

    def __sizeof__(self) -> int:
        return object.__sizeof__(self) + len(self._payload)

    @property
    def value(self) -> Any:
        """The object."""
        if self._value is None:
            with _arrival:
                if self._token not in _arrived:
                    _arrived.clear()
                    _arrived[self._token] = pickle.loads(self._payload)  # noqa: S301 our own client sent it
                self._value = _arrived[self._token]
        return self._value


_arrival = threading.Lock()
_arrived: dict[str, Any] = {}
"""The last object that arrived in this process, since every task of the process scheduler brings it anew."""
