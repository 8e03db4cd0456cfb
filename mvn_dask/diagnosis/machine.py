"""The machine: cores, memory, open files, BLAS, the clock. Output: a finding for each. Cost: some milliseconds.

Each check imports the libraries that it needs, so that one which is missing leaves the others as they are.
"""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path

from mvn_dask.diagnosis.base import Finding
from mvn_dask.readable import duration, plural, readable_bytes

LITTLE_MEMORY = 2**30
"""Bytes of memory that are little for a process with its libraries, a factor and some blocks."""
MIN_OPEN_FILES = 512
"""Open files that are few for a cluster with its connections and a store with its threads."""
SKEW_SECONDS = 5.0
"""Seconds by which two clocks differ visibly."""
OLDEST_TIME = 1735689600.0
"""2025 in seconds since 1970: the package is younger."""


def cores() -> Iterator[Finding]:
    """Cores that this process may use, of those of the machine."""
    from dask.system import CPU_COUNT

    whole = os.cpu_count() or 1
    text = plural(CPU_COUNT, "core")
    if whole > CPU_COUNT:
        text += f" of {whole}, by the affinity of this process or the limit of its control group"
    yield Finding("cores", "ok", text)


def memory() -> Iterator[Finding]:
    """Memory that this process may have, and that is free now."""
    import psutil

    from mvn_dask.memory_limit import memory_limit

    limit, total, free = memory_limit(), psutil.virtual_memory().total, psutil.virtual_memory().available
    text = f"{readable_bytes(limit)} for this process, {readable_bytes(min(free, limit))} free now"
    if limit < total:
        text += f", of {readable_bytes(total)}: limited by a control group or ulimit"
    if min(free, limit) < LITTLE_MEMORY:
        cure = "end other programs, or raise the limit (--mem of Slurm, --memory of a container)"
        yield Finding("memory", "warning", text, cure)
    else:
        yield Finding("memory", "ok", text)


def open_files() -> Iterator[Finding]:
    """How many files and connections this process may have open."""
    if sys.platform == "win32":
        return
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= soft < MIN_OPEN_FILES:
        yield Finding("open files", "warning", f"{soft} at most", "ulimit -n 4096")
    else:
        yield Finding("open files", "ok", "without a limit" if soft < 0 else f"{soft} at most")


def blas() -> Iterator[Finding]:
    """BLAS libraries that are loaded, and their threads."""
    from dask.system import CPU_COUNT

    from mvn_dask.covariance.blas import library_texts, thread_count

    import_module("scipy.linalg")  # which loads scipy's own
    texts, threads = library_texts(), thread_count()
    found = "; ".join(texts) or "none that can be asked for its threads"
    if threads > CPU_COUNT:
        cure = f"export OMP_NUM_THREADS={CPU_COUNT} OPENBLAS_NUM_THREADS={CPU_COUNT}"
        yield Finding("BLAS", "warning", f"{found}: more than the {plural(CPU_COUNT, 'core')} there are", cure)
    else:
        yield Finding("BLAS", "ok", found)


def clock() -> Iterator[Finding]:
    """Whether the clock is plausible, and that of the disk with the temporary files agrees with it."""
    now = time.time()
    shown = time.strftime("%Y-%m-%d %H:%M:%S %Z", time.localtime(now))
    cure = "set the clock, as by `timedatectl set-ntp true`: buckets refuse requests that are 15 minutes off"
    if now < OLDEST_TIME:
        yield Finding("clock", "fault", shown, cure)
        return
    skew = 0.0
    with suppress(FileNotFoundError), tempfile.NamedTemporaryFile() as file:  # no folder for them: a finding of its own
        skew = Path(file.name).stat().st_mtime - time.time()
    if abs(skew) > SKEW_SECONDS:
        side = "ahead" if skew > 0 else "behind"
        text = f"{shown}; that of the disk with the temporary files is {duration(abs(skew))} {side}"
        yield Finding("clock", "warning", text, cure)
    else:
        yield Finding("clock", "ok", shown)
