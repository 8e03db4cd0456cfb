"""Versions and machine of this process, kept beside the numbers that it made.

Output: an `Environment`, the same for the whole process. Cost: a few milliseconds, once.
"""

import platform
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import version
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Environment:
    """What numbers could depend on beside their specification; here only their last bits do.

    See Also
    --------
    mvn_dask.Report : Has that of the writer, and its own.

    Examples
    --------
    >>> sorted(environment().as_dict())
    ['blas', 'libc', 'machine', 'mvn_dask', 'numpy', 'python']
    """

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
        """JSON-able form.

        See Also
        --------
        mvn_dask.Report.as_dict : Holds it.
        """
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
