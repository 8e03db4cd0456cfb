"""Pickling of work for other processes, once for all tasks of a run.

Input: an object, and loaders of arrays that lie in files which the other processes can read. Output: bytes with the
names of those files in place of the arrays. Cost: one pickling per run and one unpickling per process.
"""

import io
import pickle
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from types import ModuleType
from typing import Any

import cloudpickle

from mvn_dask._typing import ArrayLoader, Arrays
from mvn_dask.errors import ArgumentTypeError


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


class FunctionByValue:
    """A function that other processes get as code, with that of some modules, and need not import.

    To pickle it raises ArgumentTypeError if it uses what cannot be pickled.

    Examples
    --------
    >>> FunctionByValue(len, ())("abc")
    3
    """

    def __init__(self, function: Callable[..., Any], modules: Sequence[ModuleType]) -> None:
        self.function, self._modules, self._payload = function, modules, b""
        # dask's own token would be a pickle, also where no other process needs any.
        self._token = uuid.uuid4().hex

    def __call__(self, *arguments: Any) -> Any:
        return self.function(*arguments)

    def __dask_tokenize__(self) -> str:
        return self._token

    def __reduce__(self) -> Any:
        with _functions_lock:
            if not self._payload:
                # Only here: pickles of other threads, and of the user's, are none of ours. And by a pickle of our own,
                # since distributed's looks at the modules of what it is given, not at those of what is inside.
                with ExitStack() as stack:
                    for module in self._modules:
                        if module.__name__ not in cloudpickle.list_registry_pickle_by_value():
                            cloudpickle.register_pickle_by_value(module)
                            stack.callback(cloudpickle.unregister_pickle_by_value, module)
                    self._payload = self._pickled()
        return _function_of, (self._payload, self._token)

    def _pickled(self) -> bytes:
        """Raises ArgumentTypeError for a function that uses what cannot be pickled."""
        try:
            payload: bytes = cloudpickle.dumps(self.function)
        except Exception as error:
            name = getattr(self.function, "__qualname__", type(self.function).__name__)
            reason = " ".join(str(error).split()) or type(error).__name__
            raise ArgumentTypeError(
                f"the function {name} cannot be sent to other processes: {reason}. What it uses of its module is sent "
                "with it: make files, locks and the like inside of it"
            ) from error
        return payload


def _function_of(payload: bytes, token: str) -> FunctionByValue:
    """The function that a pickle holds."""
    found = FunctionByValue(pickle.loads(payload), ())  # noqa: S301 our own client sent it
    found._payload, found._token = payload, token
    return found


_functions_lock = threading.RLock()
"""Held while code is pickled. Not `_lock`, which is held while the work is pickled that functions are in."""


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
