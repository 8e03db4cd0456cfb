import os
import pickle
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from mvn_dask.distribution import MultivariateNormal
from mvn_dask.errors import SpoolError
from mvn_dask.execution.pickling import PickledOnce
from mvn_dask.sampling.broadcast import SPOOLED_BYTES, Broadcast

SMALL = np.arange(1.0, 11.0)
BIG = np.arange(1.0, SPOOLED_BYTES // 8 + 2)


def broadcast(scale: np.ndarray, spool: str | None) -> Broadcast:
    return Broadcast(MultivariateNormal(np.zeros(len(scale)), scale**2).sampler(np.dtype("f8")), lambda _: spool)


def travelled(one: Broadcast) -> Broadcast:
    arrived = pickle.loads(pickle.dumps(one))  # noqa: S301
    assert isinstance(arrived, Broadcast)
    return arrived


def same(one: Broadcast, other: Broadcast) -> bool:
    ours, theirs = one.sampler, other.sampler
    assert ours.record() == theirs.record()
    assert ours.parameters().keys() == theirs.parameters().keys()
    return all(np.array_equal(array, theirs.parameters()[name]) for name, array in ours.parameters().items())


def test_small_ones_go_along(tmp_path: Path) -> None:
    one = broadcast(SMALL, str(tmp_path))
    assert same(travelled(one), one)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("spool", ["folder", "file-url", "short-url", "other-url", "temporary"])
def test_large_ones_go_through_the_spool_and_on_from_there(spool: str, tmp_path: Path) -> None:
    folder = {
        "folder": str(tmp_path / "new"),
        "file-url": f"FILE://{tmp_path}",
        "short-url": f"file:{tmp_path}",
        "other-url": f"local://{tmp_path}",
        "temporary": "",
    }[spool]
    one = broadcast(BIG, folder)
    assert len(pickle.dumps(one)) < 1500
    arrived = travelled(one)
    assert len(pickle.dumps(arrived)) < 1500, "unloaded, it goes on as file names"
    assert sys.getsizeof(arrived) < 1000 < BIG.nbytes < sys.getsizeof(one)
    assert same(arrived, one)
    if spool != "other-url":
        assert isinstance(arrived.arrays["factor.scale"], np.memmap)
    assert len(pickle.dumps(arrived)) < 1500, "and loaded as well"


def test_equal_arrays_share_a_file(tmp_path: Path) -> None:
    for _ in range(2):
        pickle.dumps(broadcast(BIG, str(tmp_path)))
    assert len(list(tmp_path.iterdir())) == 3  # the factor, the mean and the variances


def test_a_process_maps_a_file_once(tmp_path: Path) -> None:
    pickled = pickle.dumps(broadcast(BIG, str(tmp_path)))
    one, other = (pickle.loads(pickled) for _ in range(2))  # noqa: S301
    assert one.arrays["factor.scale"] is other.arrays["factor.scale"]


def test_what_workers_can_load_themselves_needs_no_spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As from a store, whose factor is the same."""
    monkeypatch.setattr("mvn_dask.sampling.broadcast._cached", {})
    one = broadcast(BIG, str(tmp_path / "spool"))
    for name, array in one.arrays.items():
        np.save(tmp_path / f"{name}.npy", array)
    files = {key: partial(np.load, tmp_path / f"{name}.npy") for name, key in one.digests.items()}
    pickled = pickle.dumps(PickledOnce(one, files))
    assert len(pickled) < 2000
    assert same(pickle.loads(pickled).value, one)  # noqa: S301
    assert not (tmp_path / "spool").exists()
    pickle.dumps(PickledOnce(one, {"another": partial(np.load, "x")}))
    assert (tmp_path / "spool").exists()


def test_through_the_graph() -> None:
    one = broadcast(BIG, None)
    assert len(pickle.dumps(one)) > BIG.nbytes
    arrived = travelled(one)
    assert same(arrived, one)
    assert same(travelled(arrived), one), "it goes on as it came, not through a spool of the receiver"


@pytest.mark.parametrize("damage", ["absent", "torn", "of another store"])
def test_a_worker_that_cannot_read_the_spool_says_what_to_do(
    damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mvn_dask.sampling.broadcast._cached", {})
    arrived = travelled(broadcast(BIG, str(tmp_path)))
    for path in tmp_path.iterdir():
        if damage == "absent":
            path.unlink()
        elif damage == "torn":
            path.write_bytes(b"torn")
        else:
            np.save(path, np.load(path) + 1)
    with pytest.raises(SpoolError, match=r"mvn_dask\.spool.*shared"):
        _ = arrived.sampler


def test_a_spool_that_was_cleaned_is_filled_again(tmp_path: Path) -> None:
    one = broadcast(BIG + 1, str(tmp_path))
    pickle.dumps(one)
    shutil.rmtree(tmp_path)
    assert same(travelled(one), one)


CHILD = """
import os, pickle, signal, sys
import numpy as np
from mvn_dask.sampling.broadcast import Broadcast
from mvn_dask.distribution import MultivariateNormal
n = 2**21
pickle.dumps(Broadcast(MultivariateNormal(np.zeros(n), np.ones(n)).sampler(np.dtype("f8")), lambda _: ""))
if os.fork() == 0:
    sys.exit()
os.wait()
print(len(os.listdir(sys.argv[1])), flush=True)
if sys.argv[2] == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_temporary_spools_go_with_their_process(tmp_path: Path) -> None:
    def run(end: str) -> str:
        command = [sys.executable, "-c", CHILD, str(tmp_path), end]
        return subprocess.run(
            command, env={**os.environ, "TMPDIR": str(tmp_path)}, capture_output=True, text=True, check=False
        ).stdout

    assert run("killed") == "1\n", "a forked child leaves it alone"
    assert len(list(tmp_path.iterdir())) == 1
    assert run("exits") == "1\n", "that of the killed one is gone"
    assert not list(tmp_path.iterdir())
