"""Files that are there whole or not at all."""

import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

PARTIAL = re.compile(r"\.[0-9a-f]{32}\.partial$")
"""End of a temporary file's name; Zarr's local store uses the same."""


@contextmanager
def atomic_write(path: Path, *, exclusive: bool = False) -> Iterator[BinaryIO]:
    """A binary file that takes its name when the body ends; its folder is made where it is missing.

    Parameters
    ----------
    path : Path
        Name of the file.
    exclusive : bool
        Refuse to replace a file of that name.

    Raises
    ------
    FileExistsError
        If it is there already and `exclusive` is asked for.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{uuid.uuid4().hex}.partial")
    try:
        with partial.open("wb") as file:
            yield file
        if exclusive:
            # A link, unlike a rename, fails where the name is taken.
            os.link(partial, path)
        else:
            partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
