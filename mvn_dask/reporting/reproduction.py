"""How the sample of a report is drawn again: lines of Python, and a command of a shell.

Input: where the store lies. Output: texts that run as they are. Cost: none.
"""

import shlex
from pathlib import Path

AGAIN = "again.zarr"
"""Where the lines of Python write the sample."""


def location(url: str) -> str:
    """The URL of a store, or its path from the root, so that it holds in any folder.

    >>> location("s3://bucket/a.zarr"), location("/data/a.zarr")
    ('s3://bucket/a.zarr', '/data/a.zarr')
    """
    return url if "://" in url else str(Path(url).absolute())


def python_lines(url: str) -> list[str]:
    """Lines of Python that draw the sample of a store again, and write it elsewhere.

    >>> python_lines("/data/a.zarr")[1:]
    ["x = mvn_dask.replay('/data/a.zarr')", "mvn_dask.to_zarr(x, 'again.zarr')"]
    """
    return ["import mvn_dask", f"x = mvn_dask.replay({location(url)!r})", f"mvn_dask.to_zarr(x, {AGAIN!r})"]


def shell_command(url: str) -> str | None:
    """The command that draws every row again and compares it with the store; None where no terminal shows its name.

    >>> shell_command("/data/my samples.zarr")
    "mvn-dask verify '/data/my samples.zarr' --level values --full"
    """
    place = location(url)
    if not place.isprintable() or place.startswith("memory:"):
        return None
    return f"mvn-dask verify {shlex.quote(place)} --level values --full"
