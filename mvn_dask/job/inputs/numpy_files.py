"""numpy's .npy and .npz files. Pickled objects are never loaded, since unpickling runs arbitrary code."""

from pathlib import Path
from typing import Any

import numpy as np

from mvn_dask.job.inputs.base import InputArray, Origin, as_input_array
from mvn_dask.job.toml_format import preview

_PICKLED = "holds pickled Python objects, which are never loaded: save plain numbers with numpy.save or numpy.savez"


def read_npy(origin: Origin, path: Path) -> InputArray:
    """The array in a .npy file.

    Raises InvalidDistributionError if it is no such file, a damaged one, or holds anything but numbers.
    """
    with path.open("rb") as file:
        magic = file.read(6)
    if magic.startswith(b"\x80"):
        raise origin.invalid(_PICKLED)
    if magic.startswith(b"PK"):
        raise origin.invalid("is an archive of arrays: its name must end in .npz")
    if magic != np.lib.format.MAGIC_PREFIX:
        raise origin.invalid("is empty" if not magic else "is no .npy file")
    try:
        # Memory-mapped, a header that claims a huge shape allocates nothing.
        found = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # noqa: BLE001 whatever a damaged or hostile file raises
        raise _refusal(origin, error) from None
    return as_input_array(origin, found)


def read_npz(origin: Origin, path: Path, key: str | None) -> InputArray:
    """An array in a .npz file: the named one, the only one, or the one named as the key of the job file.

    Raises InvalidDistributionError if it is no such file, a damaged one, holds no such array, or anything but numbers.
    """
    try:
        archive: Any = np.load(path, allow_pickle=False)
    except Exception as error:  # noqa: BLE001 whatever a damaged or hostile file raises
        raise _refusal(origin, error) from None
    if not isinstance(archive, np.lib.npyio.NpzFile):
        raise origin.invalid("is a single array: its name must end in .npy")
    with archive:
        name = select_array(origin, archive.files, key)
        try:
            found = archive[name]
        except Exception as error:  # noqa: BLE001 whatever a damaged or hostile file raises
            raise _refusal(origin, error) from None
    if not isinstance(found, np.ndarray):
        raise origin.invalid(f"{preview(name)} in it is no array")
    return as_input_array(origin, found)


def select_array(origin: Origin, names: list[str], key: str | None) -> str:
    """Name of the array to read from a container.

    Raises InvalidDistributionError if there is no such array, or several and none of the expected name.
    """
    held = f"it holds {', '.join(map(preview, sorted(names)[:10])) or 'no arrays'}{', …' if len(names) > 10 else ''}"
    if key is not None:
        if key in names:
            return key
        raise origin.invalid(f"there is no array {preview(key)} in it: {held}")
    if origin.key in names:
        return origin.key
    if len(names) == 1:
        return names[0]
    example = f'{origin.key} = {{ path = "…", key = "…" }}'
    raise origin.invalid(f"{held}: name one of them, {example}")


def _refusal(origin: Origin, error: Exception) -> Exception:
    text = str(error).split("\n", maxsplit=1)[0]
    if "pickle" in text or "Python objects" in text or "Object arrays" in text:
        return origin.invalid(_PICKLED)
    return origin.invalid(f"is damaged, or of another kind: {text or type(error).__name__}")
