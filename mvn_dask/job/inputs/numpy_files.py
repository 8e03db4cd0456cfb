"""numpy's .npy and .npz files. Pickled objects are never loaded, since unpickling runs arbitrary code."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mvn_dask.job.inputs.base import InputArray, Origin, as_input_array
from mvn_dask.job.toml_format import preview

_PICKLED = "holds pickled Python objects, which are never loaded: save plain numbers with numpy.save or numpy.savez"

_ZIPS = (b"PK\x03\x04", b"PK\x05\x06")
"""How zip archives begin; numpy takes what begins otherwise for pickles."""


def read_npy(origin: Origin, path: Path) -> InputArray:
    """The array of numbers in a .npy file."""
    return as_input_array(origin, npy_array(origin, path))


def npy_array(origin: Origin, path: Path) -> npt.NDArray[Any]:
    """The array in a .npy file, of whatever type."""
    with path.open("rb") as file:
        magic = file.read(6)
    if magic.startswith(b"\x80"):
        raise origin.invalid(_PICKLED)
    if magic.startswith(b"PK"):
        raise origin.invalid("is an archive of arrays: its name must end in .npz")
    if magic != np.lib.format.MAGIC_PREFIX:
        raise origin.invalid("is empty" if not magic else "is no .npy file")
    # Memory-mapped, a header that claims a huge shape allocates nothing.
    found: npt.NDArray[Any] = loaded(origin, lambda: np.load(path, mmap_mode="r", allow_pickle=False))
    return found


def read_npz(origin: Origin, path: Path, key: str | None) -> InputArray:
    """An array of numbers in a .npz file; see `select_array`."""
    return as_input_array(origin, npz_array(origin, path, key))


def npz_array(origin: Origin, path: Path, key: str | None) -> npt.NDArray[Any]:
    """An array in a .npz file, of whatever type."""
    with path.open("rb") as file:
        magic = file.read(6)
    if magic == np.lib.format.MAGIC_PREFIX:
        raise origin.invalid("is a single array: its name must end in .npy")
    if not magic.startswith((*_ZIPS, b"\x80")):
        raise origin.invalid("is no .npz file" if magic else "is empty")
    archive = loaded(origin, lambda: np.load(path, allow_pickle=False))
    with archive:
        name = select_array(origin, archive.files, key)
        found = loaded(origin, lambda: archive[name])
    if not isinstance(found, np.ndarray):
        raise origin.invalid(f"{preview(name)} in it is no array")
    return found


def select_array(origin: Origin, names: list[str], key: str | None) -> str:
    """Name of the array to read from a container: the given one, the one of the job's key, or the only one."""
    held = f"it holds {', '.join(map(preview, sorted(names)[:10])) or 'no arrays'}{', …' if len(names) > 10 else ''}"
    if key is not None:
        if key in names:
            return key
        raise origin.invalid(f"there is no array {preview(key)} in it: {held}")
    if origin.name in names:
        return origin.name
    if len(names) == 1:
        return names[0]
    example = f'{origin.name} = {{ path = "…", key = "…" }}'
    raise origin.invalid(f"{held}: name one of them, {example}")


def loaded(origin: Origin, load: Callable[[], Any]) -> Any:
    """What a function loads. Raises InvalidDistributionError in place of whatever it raises."""
    try:
        return load()
    except Exception as error:  # noqa: BLE001 whatever a damaged or hostile file raises
        text = str(error).split("\n", maxsplit=1)[0]
        if "pickle" in text or "Python objects" in text or "Object arrays" in text:
            raise origin.invalid(_PICKLED) from None
        raise origin.invalid(f"is damaged, or of another kind: {text or type(error).__name__}") from None
