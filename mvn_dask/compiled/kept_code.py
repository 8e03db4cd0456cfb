"""Where the compiled code of this package is kept, and how much of it is there.

Input: the folders of numba's cache. Output: a `KeptCode`. Cost: listing them.
"""

from dataclasses import dataclass
from pathlib import Path

from mvn_dask.compiled.code_cache import CodeCache, temporary_folder
from mvn_dask.compiled.compilation import SOURCE_DIGEST


@dataclass(frozen=True)
class KeptCode:
    """Compiled code on this machine."""

    folder: Path | None
    """Where code is written; None where it cannot be."""
    temporary: bool
    """Whether that is among the temporary files, which do not stay."""
    functions: int
    """Functions of these sources, whose code was found in any folder that is read."""


def kept_code() -> KeptCode:
    """What is kept, by the sources as they are now."""
    cache = CodeCache(kept_code)
    folder = cache.written_folder()
    found = {path.name for each in cache.folders() for path in Path(each).glob(f"*{SOURCE_DIGEST}*.nbi")}
    if folder is None:
        return KeptCode(None, temporary=False, functions=len(found))
    return KeptCode(Path(folder), Path(folder).is_relative_to(temporary_folder()), len(found))
