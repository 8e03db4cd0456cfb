import pickle
import sys
from pathlib import Path

import numpy as np
import pytest

from mvn_dask.broadcast import LARGE, Broadcast
from mvn_dask.covariance import Diagonal
from mvn_dask.errors import SpoolError

SMALL = np.arange(1.0, 11.0)
BIG = np.arange(1.0, LARGE // 8 + 2)


def broadcast(scale: np.ndarray, spool: str | None) -> Broadcast:
    return Broadcast(Diagonal(scale**2).factorize(), np.zeros(len(scale)), spool)


def travelled(one: Broadcast) -> Broadcast:
    arrived = pickle.loads(pickle.dumps(one))  # noqa: S301
    assert isinstance(arrived, Broadcast)
    return arrived


def same(one: Broadcast, other: Broadcast) -> bool:
    z = np.ones((1, one.factor.noise_ndim))
    equal = np.array_equal(one.factor.colorize(z), other.factor.colorize(z))
    return equal and np.array_equal(one.mean, other.mean)


def test_small_ones_go_along(tmp_path: Path) -> None:
    one = broadcast(SMALL, str(tmp_path))
    assert same(travelled(one), one)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("spool", ["folder", "file-url", "temporary"])
def test_large_ones_go_through_the_spool_and_on_from_there(spool: str, tmp_path: Path) -> None:
    folder = {"folder": str(tmp_path / "new"), "file-url": f"file://{tmp_path}", "temporary": ""}[spool]
    one = broadcast(BIG, folder)
    assert len(pickle.dumps(one)) < 1000
    arrived = travelled(one)
    assert len(pickle.dumps(arrived)) < 1000, "unloaded, it goes on as file names"
    assert sys.getsizeof(arrived) < 1000 < BIG.nbytes < sys.getsizeof(one)
    assert same(arrived, one)
    if spool != "file-url":
        assert isinstance(arrived.arrays["factor"], np.memmap)
    assert len(pickle.dumps(arrived)) < 1000, "and loaded as well"


def test_equal_arrays_share_a_file(tmp_path: Path) -> None:
    for _ in range(2):
        pickle.dumps(broadcast(BIG, str(tmp_path)))
    assert len(list(tmp_path.iterdir())) == 2  # the factor and the mean


def test_through_the_graph() -> None:
    one = broadcast(BIG, None)
    assert len(pickle.dumps(one)) > BIG.nbytes
    arrived = travelled(one)
    assert same(arrived, one)
    assert same(travelled(arrived), one), "it goes on as it came, not through a spool of the receiver"


def test_a_worker_that_does_not_see_the_spool_says_what_to_do(tmp_path: Path) -> None:
    arrived = travelled(broadcast(BIG, str(tmp_path)))
    for path in tmp_path.iterdir():
        path.unlink()
    with pytest.raises(SpoolError, match=r"mvn_dask\.spool.*shared"):
        _ = arrived.factor
