"""Signatures in help, and what type checkers see."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest

import mvn_dask
from mvn_dask.signatures import short_signature

RNG = mvn_dask.default_rng(1)


@pytest.mark.parametrize(
    ("function", "shown"),
    [
        (
            RNG.multivariate_normal,
            "(mean, cov, size=None, check_valid='warn', tol=1e-08, *, method='svd', dtype='float64', chunks='auto')",
        ),
        (
            mvn_dask.multivariate_normal,
            "(mean, cov, size=None, check_valid='warn', tol=1e-08, *, seed=None, dtype='float64', chunks='auto')",
        ),
        (
            mvn_dask.MultivariateNormal,
            "(mean, cov, *, method='auto', check_valid='warn', tol=1e-08, names=None, event_shape=None, dims=None, "
            "coords=None)",
        ),
    ],
    ids=["Generator", "legacy", "MultivariateNormal"],
)
def test_help_is_short(function: Callable[..., Any], shown: str) -> None:
    assert str(inspect.signature(function)) == shown


def test_annotations_stay() -> None:
    def draw(mean: float, *rest: int, size: int | None = None) -> float:
        return mean

    short = short_signature(draw)
    assert short is draw
    assert str(inspect.signature(draw)) == "(mean, *rest, size=None)"
    assert draw.__annotations__ == {"mean": float, "rest": int, "size": int | None, "return": float}
