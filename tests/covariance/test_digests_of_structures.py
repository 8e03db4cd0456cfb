"""The bits of rows of each structure: pinned, on both paths, and for other processors."""

import os
import subprocess
import sys
from hashlib import sha256
from typing import Any

import numpy as np
import pytest

import mvn_dask
from mvn_dask.covariance import BlockDiagonal, Covariance, Factored, Kronecker, LowRank

# Multiples of 1/8, so that no library decides a bit of them, of a stream that numpy has frozen.
EIGHTHS = np.random.RandomState(7).randint(-8, 9, (60_000, 11)) / 8
SMALL = EIGHTHS[:40, :6] @ EIGHTHS[:40, :6].T + np.eye(40)
COVARIANCES: dict[str, Covariance] = {
    "tall low rank": LowRank(EIGHTHS, np.abs(EIGHTHS[:, 0])),
    "low rank": LowRank(EIGHTHS[:300], 1.0),
    "tall": Factored(EIGHTHS[:50]),
    "very tall": Factored(EIGHTHS),
    "wide": Factored(EIGHTHS[:5]),
    "triangular": Factored(np.tril(EIGHTHS[:11], -1) + np.eye(11)),
    "kronecker": Kronecker(SMALL[:9, :9], SMALL, [1.0, 2.0]),
    "blocks": BlockDiagonal(SMALL, LowRank(EIGHTHS[:40], 1.0), Kronecker(SMALL[:3, :3], Factored(EIGHTHS[:2]))),
}
DIGESTS = {
    "very tall": ("d6a1998603ca5d96", "73ed4006fc3a02a9"),
    "tall low rank": ("48271f1815ff7d02", "1614c081d6992dda"),
    "low rank": ("b9b59db18f5f3009", "122c44abe6cb644a"),
    "tall": ("acaeb694db1064c4", "9672f16912515d68"),
    "wide": ("19a81763bde87c6c", "540bf0120a49fa5b"),
    "triangular": ("195c647bd3ec31e4", "0cecdb7bc1c6adfc"),
    "kronecker": ("12596d914282cbff", "d501b40c7cc55ac6"),
    "blocks": ("3d96747712dd782a", "0a672d8fca9ed428"),
}

NAMES = [pytest.param(name, marks=pytest.mark.slow) if name == "very tall" else name for name in COVARIANCES]


def digest_of(name: str, dtype: Any) -> str:
    """The beginning of the digest of 140 rows that begin amid a stripe."""
    covariance = COVARIANCES[name]
    normal = mvn_dask.MultivariateNormal(np.arange(covariance.ndim) / 4, covariance)
    rows = normal.sample(150, seed=3, dtype=dtype, chunks=64)[10:].compute(scheduler="synchronous")
    return sha256(rows.tobytes()).hexdigest()[:16]


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("name", NAMES)
def test_bits_are_those_of_every_release(name: str) -> None:
    assert (digest_of(name, "float64"), digest_of(name, "float32")) == DIGESTS[name]


@pytest.mark.slow
@pytest.mark.parametrize("setting", ["NUMBA_CPU_NAME=generic", "NUMBA_CPU_NAME=haswell", "NUMBA_DISABLE_JIT=1"])
def test_bits_for_other_processors(setting: str) -> None:
    code = """
from tests.covariance.test_digests_of_structures import DIGESTS, digest_of
assert {name: (digest_of(name, "float64"), digest_of(name, "float32")) for name in DIGESTS} == DIGESTS
"""
    name, _, value = setting.partition("=")
    subprocess.run([sys.executable, "-c", code], env={**os.environ, name: value}, check=True)
