"""A full disk: the error says which file, how far the store is, and how to go on; and that works."""

import errno
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from mvn_dask.atomic import NO_SPACE
from mvn_dask.errors import NoSpaceError, StoreError
from mvn_dask.execution.resumption import resumed_by
from mvn_dask.store.array_manifest import manifest_of
from mvn_dask.store.no_space import says_how_far
from mvn_dask.store.storage.local import LocalStorage
from tests.support.arrays import sample
from tests.support.command import Site
from tests.support.stores import tree

LIMITED = ["sh", "-c", 'ulimit -f 16; exec "$@"', "sh"]
"""Runs a command that can write no file of more than 8 KiB, or 16 where a shell counts in KiB: chunks have more."""
FULL = """
import os, sys
import mvn_dask
from mvn_dask.errors import NoSpaceError

folder = sys.argv[1]
normal = mvn_dask.MultivariateNormal([0.0, 1.0], [1.0, 2.0])
x = normal.sample(8000, seed=1, chunks=1000)
with open(f"{folder}/ballast", "wb") as file:
    file.write(bytes(120_000))
try:
    mvn_dask.to_zarr(x, f"{folder}/store")
except NoSpaceError as error:
    print(error)
os.remove(f"{folder}/ballast")
mvn_dask.to_zarr(x, f"{folder}/store")
print(mvn_dask.verify(f"{folder}/store", level="values", full=True).ok)
with open(f"{folder}/ballast", "wb") as file:
    file.write(bytes(os.statvfs(folder).f_bavail * os.statvfs(folder).f_bsize - 30_000))
try:
    mvn_dask.extend(f"{folder}/store", 2000)
except NoSpaceError as error:
    print(error)
os.remove(f"{folder}/ballast")
mvn_dask.repair(f"{folder}/store")
print(mvn_dask.verify(f"{folder}/store", level="values", full=True).ok, mvn_dask.from_zarr(f"{folder}/store").shape)
"""


def test_a_command_that_finds_no_space(tmp_path: Path) -> None:
    """A limit for files stands for the full disk, which takes a file system of one's own."""
    site = Site(tmp_path)
    assert site.run("run", "--quiet", "--part", "0/4") == 0
    command = [*LIMITED, *site.command("run", "job.toml", "--quiet")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=site.folder)
    assert ended.returncode == 1
    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"mvn-dask: error: {site.store}/samples/c/")
    assert "/0: File too large; 4 of 16 chunks of " in line
    assert line.endswith(
        f"{site.store} are written: raise the limit for the size of a file (ulimit -f), and the same command goes on; "
        "or begin again with smaller chunks"
    )
    assert site.run("run", "--quiet") == 0
    assert tree(site.store) == site.reference()


@pytest.mark.faults
def test_a_full_disk(tmp_path: Path) -> None:
    """A file system of 250 kB, in a name space of its own, where that needs no privileges or there are some."""
    script, disk = tmp_path / "script.py", tmp_path / "disk"
    script.write_text(FULL)
    disk.mkdir()
    mount = f'mount -t tmpfs -o size=250k tmpfs "{disk}" && exec "{sys.executable}" "{script}" "{disk}"'
    ended = subprocess.run(
        ["/usr/bin/env", "unshare", "-Urm", "sh", "-c", mount], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    first, whole, second, longer = ended.stdout.splitlines()
    assert "No space left on device; " in first
    assert " of 8 chunks of " in first
    assert first.endswith("are written: free some space, and the same call goes on")
    assert whole == "True"
    assert second.endswith("free some space, and mvn_dask.repair completes it")
    assert longer == "True (10000, 2)"


@pytest.mark.parametrize("number", sorted(NO_SPACE))
def test_every_error_for_want_of_space(number: int, tmp_path: Path) -> None:
    manifest, _ = manifest_of(sample())
    storage = LocalStorage(tmp_path)
    cure = "raise the limit for the size of a file" if number == errno.EFBIG else "free some space"
    text = rf"^/a/b: odd; 0 of 3 chunks of .* are written: {cure}.*, and go on"
    with pytest.raises(NoSpaceError, match=text), resumed_by("go on"), says_how_far(storage, manifest):
        raise OSError(number, "odd", "/a/b")
    with pytest.raises(NoSpaceError, match=r"^odd; 0 of 3 chunks"), says_how_far(storage, manifest):
        raise OSError(number, "odd")


def test_other_errors_stay_as_they_are(tmp_path: Path) -> None:
    manifest, _ = manifest_of(sample())
    for error in (PermissionError(errno.EACCES, "odd", "/a/b"), StoreError("odd"), OSError("odd"), KeyError("odd")):
        with pytest.raises(type(error)) as caught, says_how_far(LocalStorage(tmp_path), manifest):
            raise error
        assert caught.value is error


def test_it_travels_from_a_worker() -> None:
    error = pickle.loads(pickle.dumps(NoSpaceError("/a: full")))  # noqa: S301
    assert (type(error), str(error), error.errno) == (NoSpaceError, "/a: full", errno.ENOSPC)
