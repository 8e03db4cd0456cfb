"""What may happen to the files of a store, and how it is reported."""

import json
import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import dask
import dask.array as da
import pandas as pd

import mvn_dask
from mvn_dask.maintenance.shown_verification import Level
from mvn_dask.store.format.parameters import parameter_key

LEVELS: tuple[Level, ...] = get_args(Level)


FRAME = pd.DataFrame([[2.0, 1.0], [1.0, 2.0]], index=["oil", "gas"], columns=["oil", "gas"])


def named(n: int = 100, seed: int = 1) -> da.Array:
    return mvn_dask.MultivariateNormal([0, 1], FRAME).sample(n, seed=seed, chunks=30)


def write(folder: Path, array: da.Array | None = None, **options: Any) -> Path:
    with dask.config.set(scheduler="synchronous"):
        mvn_dask.to_zarr(named() if array is None else array, folder, **options)
    return folder


def chunk(folder: Path, number: int) -> Path:
    return folder / "samples" / "c" / str(number) / "0"


def flip(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def link(path: Path) -> None:
    """To a copy, so that whoever follows it notices nothing."""
    store = next(folder for folder in path.parents if folder.name == "store")
    copy = store.with_name("outside")
    shutil.move(path, copy)
    path.symlink_to(copy)


def replace_by_fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def make_special(path: Path, kind: str) -> None:
    """A link, a link to a folder, a pipe or a socket."""
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as one:
            # By way of the folder, since the path of a socket may be no longer than 107 bytes.
            here = os.open(".", os.O_RDONLY)
            try:
                os.chdir(path.parent)
                one.bind(path.name)
            finally:
                os.fchdir(here)
                os.close(here)
    else:
        path.symlink_to(path.parent / "nothing" if kind == "link" else path.parent)


Damage = Callable[[Path], object]
CHECKSUM = r"the checksum (of inner chunk \d )?differs"
BAD: dict[str, tuple[Damage, Level, str]] = {
    "missing": (lambda path: path.unlink(), "size", "missing"),
    "its folder is missing": (lambda path: shutil.rmtree(path.parent), "size", "missing"),
    "truncated": (lambda path: os.truncate(path, 100), "size", r"wrong size: 100 bytes, not \d+"),
    "empty": (lambda path: os.truncate(path, 0), "size", "wrong size: 0 bytes"),
    "too long": (lambda path: path.write_bytes(path.read_bytes() + b"x"), "size", "wrong size"),
    "a sparse terabyte": (lambda path: os.truncate(path, 2**40), "size", "wrong size: 1099511627776 bytes"),
    "a bit of the numbers": (lambda path: flip(path, 200), "checksum", CHECKSUM),
    "a bit of the padding": (lambda path: flip(path, -250), "checksum", CHECKSUM),
    "a bit at the end": (lambda path: flip(path, -1), "checksum", f"{CHECKSUM}|the shard's index differs"),
    "another chunk": (
        lambda path: shutil.copy(path.parents[1] / "0" / "0", path),
        "values",
        r"the values differ: \d+ of \d+ compared",
    ),
    "a link": (link, "size", "no plain file, but a link, a pipe, a folder or the like"),
    "a pipe": (replace_by_fifo, "size", "no plain file, but a link, a pipe, a folder or the like"),
}  # fmt: skip
"""What may happen to the last chunk, the lowest level that finds it, and what is said of it."""


def change(path: Path, **fields: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


FAULTS: dict[str, tuple[str, Damage, str]] = {
    "no root": ("zarr.json", lambda path: path.unlink(), "missing"),
    "no array": ("samples/zarr.json", lambda path: path.unlink(), "missing"),
    "no names": ("variable/zarr.json", lambda path: path.unlink(), "missing"),
    "another shape": ("samples/zarr.json", lambda path: change(path, shape=[90, 2]), "differs"),
    "another codec": ("samples/zarr.json", lambda path: change(path, codecs=[{"name": "pickle"}]), "differs"),
    "no attributes": ("samples/zarr.json", lambda path: change(path, attributes={}), "differs"),
    "a field more": ("variable/zarr.json", lambda path: change(path, more=1), "differs"),
    "another node": ("zarr.json", lambda path: change(path, node_type="array"), "differs"),
    "no consolidated metadata": ("zarr.json", lambda path: change(path, consolidated_metadata=None), "differs"),
    "longer": ("zarr.json", lambda path: path.write_bytes(path.read_bytes() + b"}"), "differs"),
    "truncated": ("samples/zarr.json", lambda path: os.truncate(path, 10), "differs"),
    "deep": ("samples/zarr.json", lambda path: path.write_text("[" * 10**5), "differs"),
    "sparse": ("zarr.json", lambda path: os.truncate(path, 10**12), "wrong size: 1000000000000 bytes"),
    "a link": ("zarr.json", link, "a link, a pipe, a folder or the like"),
    "a pipe": ("samples/zarr.json", replace_by_fifo, "a link, a pipe, a folder or the like"),
    "names": ("variable/c/0", lambda path: flip(path, -1), "differs"),
    "no names' chunk": ("variable/c/0", lambda path: path.unlink(), "missing"),
    "mean": (parameter_key("mean"), lambda path: flip(path, -1), "other numbers than the manifest's digest"),
    "factor": (parameter_key("factor.matrix"), lambda path: flip(path, -1), "other numbers than the manifest's digest"),
    "no factor": (parameter_key("factor.matrix"), lambda path: path.unlink(), "missing"),
    "a long factor": (parameter_key("factor.matrix"), lambda path: os.truncate(path, 10**12), "wrong size"),
}  # fmt: skip
"""What may happen to other files of a store."""
