"""Pickling of work for other processes, once for all tasks of a run.

Input: an object, and loaders of arrays that lie in files which the other processes can read. Output: bytes with the
names of those files in place of the arrays. Cost: one pickling per run and one unpickling per process.
"""

import io
import pickle
import threading
import uuid
from collections.abc import Mapping
from typing import Any

import cloudpickle

from mvn_dask._typing import ArrayLoader, Arrays


def dumps_without(value: object, arrays: Arrays) -> bytes:
    """A pickle of an object with the names of these arrays in place of the arrays themselves."""
    buffer = io.BytesIO()
    _NamingPickler(buffer, {id(array): name for name, array in arrays.items()}).dump(value)
    return buffer.getvalue()


def loads_with(payload: bytes, arrays: Arrays) -> Any:
    """The object of a pickle by `dumps_without`, with these arrays in it."""
    return _NamingUnpickler(io.BytesIO(payload), arrays).load()


class _NamingPickler(cloudpickle.Pickler):  # type: ignore[misc]
    def __init__(self, file: io.BytesIO, names: Mapping[int, str]) -> None:
        super().__init__(file)
        self._names = names

    def persistent_id(self, obj: Any) -> str | None:
        return self._names.get(id(obj))


class _NamingUnpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, arrays: Arrays) -> None:
        super().__init__(file)
        self._arrays = arrays

    def persistent_load(self, pid: str) -> Any:
        return self._arrays[pid]


class PickledOnce:
    """An object that is pickled at most once, and unpickled once in each process that it is sent to.

    `files` are loaders of arrays that the other processes can read, by the digests of the arrays. An object inside
    `value` whose arrays may lie in files has a method ``reduce_with_files(files)``, used in place of `__reduce__`.
    """

    def __init__(self, value: Any, files: Mapping[str, ArrayLoader]) -> None:
        self.identity = uuid.uuid4().hex
        self._value, self._files, self._payload = value, files, b""

    def __getstate__(self) -> tuple[str, bytes]:
        with _lock:
            if not self._payload:
                buffer = io.BytesIO()
                _Pickler(buffer, self._files).dump(self._value)
                self._payload = buffer.getvalue()
        return self.identity, self._payload

    def __setstate__(self, state: tuple[str, bytes]) -> None:
        self.identity, self._payload = state
        self._value, self._files = None, {}

    def __sizeof__(self) -> int:
        # Distributed weighs results by their size; the default is that of an object without its bytes.
        return object.__sizeof__(self) + len(self._payload)

    @property
    def value(self) -> Any:
        """The object."""
        if self._value is None:
            with _lock:
                if self.identity not in _unpickled:
                    _unpickled.clear()
                    _unpickled[self.identity] = pickle.loads(self._payload)  # noqa: S301 our own client sent it
                self._value = _unpickled[self.identity]
        return self._value


_lock = threading.Lock()
_unpickled: dict[str, Any] = {}
"""The last object that was unpickled in this process, by its identity."""
# Each task of dask's process scheduler brings the payload again, so that the object itself can't hold the value.


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    def __init__(self, file: io.BytesIO, files: Mapping[str, ArrayLoader]) -> None:
        super().__init__(file)
        self._files = files

    def reducer_override(self, obj: Any) -> Any:
        # Called for every object that isn't of a builtin type: an attribute of the type is looked up, since
        # isinstance with a protocol takes a hundred times as long.
        reduce = getattr(type(obj), "reduce_with_files", None)
        return super().reducer_override(obj) if reduce is None else reduce(obj, self._files)
