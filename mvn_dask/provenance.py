"""Where the numbers of an array come from: what a sampler tells and a store keeps."""

import hashlib
import json
import platform
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import version
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt


def canonical_json(value: object) -> str:
    r"""JSON with one spelling for one value: sorted keys, no blanks, no NaN.

    Examples
    --------
    >>> canonical_json({"b": (1, 2), "a": "é"})
    '{"a":"\\u00e9","b":[1,2]}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def fingerprint(value: object) -> str:
    """SHA-256 of the canonical JSON, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def digest(array: npt.NDArray[Any]) -> str:
    """SHA-256 of the dtype, shape and bytes of an array, as 64 hexadecimal digits."""
    state = hashlib.sha256(f"{array.dtype.str}{array.shape}".encode())
    state.update(np.ascontiguousarray(array).data)
    return state.hexdigest()


class Carrier(Protocol):
    """Whatever holds the arrays of a sample, or can fetch them."""

    @property
    def arrays(self) -> Mapping[str, npt.NDArray[Any]]:
        """The mean and what the factor consists of."""


@dataclass(frozen=True, eq=False)
class Provenance:
    """All that decides the numbers of one sample array, and what is needed to draw them again."""

    values: Mapping[str, object]
    """What decides the numbers: JSON-able, arrays by their digests."""
    carrier: Carrier
    """Where the arrays behind the digests are."""
    dimensions: tuple[str, ...]
    """Names of the array's axes."""
    names: tuple[str, ...] | None
    """Names of the d variables, if they have any."""

    @property
    def arrays(self) -> Mapping[str, npt.NDArray[Any]]:
        """The mean and what the factor consists of, by the names that files have."""
        return self.carrier.arrays

    @property
    def fingerprint(self) -> str:
        """SHA-256 of everything that decides the values."""
        return fingerprint(self.values)

    @property
    def name(self) -> str:
        """How the names of dask arrays with these values begin; what follows tells their blocks."""
        return f"mvn-{self.fingerprint}"

    def is_of(self, array: str) -> bool:
        """Whether a dask array of that name is this sample, and not something derived from it."""
        return array == self.name or array.startswith(f"{self.name}-")


_shelf: ContextVar[Mapping[str, Callable[[], npt.NDArray[Any]]]] = ContextVar("_shelf", default={})  # noqa: B039


@contextmanager
def shelved(arrays: Mapping[str, Callable[[], npt.NDArray[Any]]]) -> Iterator[None]:
    """While the body pickles carriers, workers are known to get these arrays, by their digests, in these ways."""
    token = _shelf.set(arrays)
    try:
        yield
    finally:
        _shelf.reset(token)


def shelf() -> Mapping[str, Callable[[], npt.NDArray[Any]]]:
    """Arrays that lie where workers see them: from their digests to what loads them."""
    return _shelf.get()


@dataclass(frozen=True)
class Environment:
    """What numbers could depend on beside their specification; here only their last bits do."""

    mvn_dask: str
    """Version of mvn_dask."""
    numpy: str
    """Version of numpy."""
    blas: str
    """BLAS and LAPACK that numpy was built with: they make the factor, which stands in the store."""
    python: str
    """Version of Python."""
    machine: str
    """Processor and system."""
    libc: str
    """C library, whose logarithm makes the normals beyond 3.65."""

    def as_dict(self) -> dict[str, str]:
        """JSON-able form."""
        return asdict(self)


@cache
def environment() -> Environment:
    """Where this process runs."""
    # Typed as an optional mapping, since the other mode prints and gives nothing.
    built: Any = np.show_config(mode="dicts")
    blas = built.get("Build Dependencies", {}).get("blas", {})
    return Environment(
        mvn_dask=version("mvn_dask"),
        numpy=np.__version__,
        blas=f"{blas.get('name', '?')} {blas.get('version', '?')}",
        python=platform.python_version(),
        machine=f"{platform.machine()} {platform.system()}",
        libc=" ".join(platform.libc_ver()),
    )
