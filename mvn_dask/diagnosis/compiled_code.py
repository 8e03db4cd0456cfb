"""Compiled code: whether numba can be used, where its code is kept, and whether it is there already.

Output: a finding or two. Cost: importing numba, a second.
"""

import os
from collections.abc import Iterator
from importlib import import_module, metadata

from mvn_dask.diagnosis.base import Finding
from mvn_dask.diagnosis.import_faults import import_fault
from mvn_dask.readable import plural

SLOWER = "drawn by numpy, with the same bits, five times as slowly"


def compiled_code() -> Iterator[Finding]:
    """Whether there is compiled code, and where."""
    try:
        metadata.version("numba")
    except metadata.PackageNotFoundError:
        yield Finding("compiled code", "warning", f"no numba: rows are {SLOWER}", "pip install numba")
        return
    try:
        usable = import_module("mvn_dask.compiled.compilation").USABLE
    except Exception as error:  # noqa: BLE001 numba raises anything where it does not fit numpy or llvmlite
        reason, cure = import_fault(error)
        text = f"numba cannot be imported: rows are {SLOWER}: {reason}"
        yield Finding("compiled code", "warning", text, cure or "pip install --upgrade numba llvmlite")
        return
    if not usable:
        disabled = os.environ.get("NUMBA_DISABLE_JIT", "0") != "0"
        cure = "unset NUMBA_DISABLE_JIT" if disabled else "a little-endian processor"
        yield Finding("compiled code", "warning", f"not used: rows are {SLOWER}", cure)
        return
    yield _kept_code()


def _kept_code() -> Finding:
    kept = import_module("mvn_dask.compiled.kept_code").kept_code()
    cure = "export NUMBA_CACHE_DIR=… with a folder that stays, which you may write to"
    found = f"{plural(kept.functions, 'function')} compiled so far" if kept.functions else "nothing compiled yet"
    if kept.folder is None:
        text = f"{found}; no folder to keep more in: each process compiles for some seconds"
        return Finding("compiled code", "warning", text, cure)
    if kept.temporary:
        return Finding("compiled code", "warning", f"{found}; kept among temporary files in {kept.folder}", cure)
    return Finding("compiled code", "ok", f"{found}; kept in {kept.folder}")
