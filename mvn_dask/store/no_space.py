"""What to say where the disk is full, or a file may not be so large: how far a store is, and how to go on.

Input: an error that storage raised. Output: a `NoSpaceError`. Cost: a listing of the chunks, once the error is there.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from mvn_dask.advice import Advice
from mvn_dask.atomic import NO_SPACE
from mvn_dask.errors import NoSpaceError
from mvn_dask.execution.resumption import way_on
from mvn_dask.readable import plural
from mvn_dask.store.format.chunk_listing import missing_count
from mvn_dask.store.format.layout import chunk_count
from mvn_dask.store.format.manifest import Manifest
from mvn_dask.store.storage.base import Storage


@contextmanager
def says_how_far(storage: Storage, manifest: Manifest) -> Iterator[None]:
    """Inside the body, an error for want of space also says how many chunks are written, and the way on."""
    try:
        yield
    except OSError as error:
        if error.errno not in NO_SPACE:
            raise
        text = error.text if isinstance(error, NoSpaceError) else _system_text(error)
        with suppress(Exception):  # the listing may fail as well, and that is not what is to be said
            count = chunk_count(manifest)
            done = count - missing_count(storage, manifest, 0, count)
            text += f"; {done} of {plural(count, 'chunk')} of {storage} are written"
        raise NoSpaceError.of(error, text, Advice(_cure(error))) from error


def _system_text(error: OSError) -> str:
    # A function of the user's may raise one that names no file.
    return f"{error.strerror}" if error.filename is None else f"{error.filename}: {error.strerror}"


def _cure(error: OSError) -> str:
    if error.errno == errno.EFBIG:
        # However much space is freed: this is the limit of a process, or of a file system such as FAT.
        return f"raise the limit for the size of a file (ulimit -f), and {way_on()}; or begin again with smaller chunks"
    return f"free some space, and {way_on()}"
