"""Covariances and factors in a terminal and in a notebook."""

import xml.etree.ElementTree as ET
from collections.abc import Callable

import numpy as np
import pytest
import scipy.sparse

from mvn_dask import covariance
from mvn_dask.covariance.shown_structures import short_labels
from mvn_dask.event import Event

D = 100_000
LARGE: dict[str, Callable[[], covariance.Covariance]] = {
    "diagonal": lambda: covariance.Diagonal(np.ones(D)),
    "low rank": lambda: covariance.LowRank(np.ones((D, 3)), 1.0, names=[f"<{i}>" for i in range(D)]),
    "factored": lambda: covariance.Factored(np.ones((D, 2))),
    "banded": lambda: covariance.Banded([[0.5] * D, [1.25] * D]),
    "sparse": lambda: covariance.Sparse(scipy.sparse.eye_array(D)),
    "toeplitz": lambda: covariance.Toeplitz(0.5 ** np.arange(D)),
    "grid": lambda: covariance.StationaryGrid(covariance.exponential(2.0), (250, 400)),
    "kronecker": lambda: covariance.Kronecker(covariance.Toeplitz(0.5 ** np.arange(1000)), [[1.0, 0.5], [0.5, 1.0]]),
    "blocks": lambda: covariance.BlockDiagonal(*[[[1.0, 0.5], [0.5, 1.0]]] * 100),
    "scaled": lambda: covariance.Scaled(covariance.LowRank(np.ones((D, 3)), 1.0), np.ones(D)),
    "precision": lambda: covariance.Precision(scipy.sparse.eye_array(D)),
}


@pytest.mark.parametrize("name", LARGE)
def test_large_ones_are_shown_without_work(name: str) -> None:
    large = LARGE[name]()
    before = set(large.__dict__)
    html = large._repr_html_()
    ET.fromstring(html)  # noqa: S314 our own
    assert len(html) < 30_000
    assert len(repr(large)) < 250
    assert set(large.__dict__) == before, "nothing was factorised or computed to be kept"
    assert "made when it is needed first" in html


def test_names_are_shown_once_in_a_line() -> None:
    dense = covariance.Dense(np.eye(4), names=["a", "b", "c", "d"])
    assert repr(dense) == "Dense(ndim=4, method='auto', names=('a', 'b', 'c', …))"
    assert repr(covariance.Scaled(dense, 2.0 * np.ones(4))) == (
        "Scaled(Dense(ndim=4, method='auto'), names=('a', 'b', 'c', …))"
    )
    assert repr(covariance.Diagonal([1.0], names=["oil"])) == "Diagonal(ndim=1, names=('oil',))"


def test_a_precision_shows_what_is_known_of_it() -> None:
    precision = covariance.Precision([[2.0, -1.0], [-1.0, 2.0]], names=["oil", "gas"])
    html = precision._repr_html_()
    assert "given all other variables" in html
    assert "0.50" in html
    assert "standard deviations" not in html
    precision.factorize()
    assert "standard deviations</dt><dd>0.8165, 0.8165</dd>" in precision._repr_html_()


def test_structures_inside_are_shown_up_to_a_few() -> None:
    blocks = covariance.BlockDiagonal(*[[[1.0, 0.5], [0.5, 1.0]]] * 9)._repr_html_()
    assert blocks.count("<details>") == 6
    assert "and 3 structures more" in blocks


@pytest.mark.parametrize("name", LARGE)
def test_factors_are_a_line(name: str) -> None:
    if name in {"banded", "grid", "toeplitz"}:
        return
    factor = LARGE[name]().factorize()
    assert repr(factor) == f"{type(factor).__name__}(ndim={factor.ndim}, noise_ndim={factor.noise_ndim})"
    assert f"{factor.flops:,}" in factor._repr_html_()


def test_short_labels() -> None:
    assert short_labels(Event.of_shape((2, 3)), np.array([0, 4])) == ["0, 0", "1, 1"]
    assert short_labels(Event.of_variables(2, ("oil", "gas")), np.array([1])) == ["gas"]
    assert short_labels(Event.of_variables(9), np.arange(9)) == []
