"""Columns that are hard to search, and constants that make a search of few rows what one of many is."""

import numpy as np
import pytest

from mvn_dask._typing import Float64Array
from mvn_dask.statistics.rank_passes import BracketPass
from mvn_dask.statistics.rank_search import RankGoal

ROWS = 20_000
"""Rows that are searched, with `SMALLER` constants, as 2**30 are."""
SMALLER = {"KEPT_ROWS": 2048, "PILOT_ROWS": 1024, "BLOCK_ROWS": 4, "ROOM": 64}


def shrink(monkeypatch: pytest.MonkeyPatch, sigmas: float = 6.0, **constants: int) -> None:
    """Search short arrays as if they were long; with few sigmas, brackets miss often."""
    monkeypatch.setattr("mvn_dask.statistics.order_statistics.SIGMAS", sigmas)
    for name, value in (SMALLER | constants).items():
        monkeypatch.setattr(RankGoal, name, value)
    monkeypatch.setattr(BracketPass, "PARTS", 3)


def hard_columns(n: int = ROWS) -> dict[str, Float64Array]:
    """Values in orders and with ties that no first rows tell of."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal(n)
    return {
        "independent": x,
        "sorted": np.sort(x),
        "falling": np.sort(x)[::-1].copy(),
        "zeros": np.where(rng.random(n) < 0.6, 0.0, x),
        "both zeros": np.where(rng.random(n) < 0.5, -0.0, 0.0),
        "constant": np.full(n, 3.0),
        "ten values": rng.integers(0, 10, n).astype(np.float64),
        "Cauchy": rng.standard_cauchy(n),
        "drift": x + np.arange(n) / n * 20,
        # Of one exponent and few leading digits.
        "drift of last bits": 1.0 + np.arange(n) * 2.0**-40,
        "periodic": np.sin(np.arange(n) * (2.0 * np.pi / 8)),
        "step": np.where(np.arange(n) < n // 4, -10.0, x),
        "denormal": rng.integers(-50, 50, n) * 5e-324,
        "infinite": np.where(rng.random(n) < 0.2, rng.choice([-np.inf, np.inf], n), x),
        "all infinite": np.full(n, -np.inf),
        "huge": x * 1e300,
        "float32": x.astype(np.float32).astype(np.float64),
    }


NEED_TWO = "sorted", "falling", "drift", "drift of last bits"
"""Columns whose median no first rows tell of."""


def without_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let numpy count."""
    monkeypatch.setattr("mvn_dask.statistics.bracketing.compiled_module", lambda _: None)
