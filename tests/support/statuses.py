"""Statuses of stores that are not there."""

from mvn_dask.store.status import Status


def status_of(
    done: int, total: int, *, committed: bool = False, rate: float | None = None, fingerprint: str = "f" * 64
) -> Status:
    """That of a store of some chunks of 1 MiB and 1,000 rows."""
    return Status(
        url="x.zarr",
        part=None,
        done=done,
        missing=total - done,
        bytes=done * 2**20,
        rate=rate,
        committed=committed,
        changed=(),
        missing_files=(),
        rows=total * 1000,
        done_rows=done * 1000,
        last_written=None if done == 0 else 1e9,
        writers=None,
        fingerprint=fingerprint,
    )


HALF = status_of(2, 4, rate=2**20)
"""Half of a store."""
