"""Memory that this process may have, and refusals of work that would take more.

Input: bytes that some work takes. Output: nothing, or an error with both numbers and the way out, before the work has
begun. Cost: reading some files of the system.

The limit counts, not what is free at the moment, so that the same call has the same result: the machine's memory, that
of the control group, as containers and queues set it, and what ``ulimit -v`` says.
"""

import sys
from pathlib import Path

from mvn_dask.errors import FactorTooLargeError
from mvn_dask.readable import readable_bytes

CONTROL_GROUPS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
"""Files with the limit of a control group, of either version; of no limit, they hold a word or a huge number."""


def memory_limit() -> int:
    """Most memory that this process may have, in bytes.

    Examples
    --------
    >>> memory_limit() > 2**20
    True
    """
    import psutil

    limits = [int(psutil.virtual_memory().total)]
    for file in CONTROL_GROUPS:
        try:
            limits.append(int(Path(file).read_text()))
        except (OSError, ValueError):
            continue
    if sys.platform != "win32":
        import resource

        address_space, _ = resource.getrlimit(resource.RLIMIT_AS)
        limits.append(address_space)
    # No limit is a negative number.
    return min(limit for limit in limits if limit > 0)


def refuse_beyond_memory(work: str, nbytes: int, way_out: str) -> None:
    """Raise a `FactorTooLargeError` if some work takes more memory than this process may have.

    Examples
    --------
    >>> refuse_beyond_memory("factorising `cov`", 8 * 100**2, "take fewer variables")
    """
    limit = memory_limit()
    if nbytes > limit:
        raise FactorTooLargeError(
            f"{work} would take {readable_bytes(nbytes)} of memory, and this process may have {readable_bytes(limit)}: "
            f"{way_out}"
        )
