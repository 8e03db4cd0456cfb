import numpy as np
import pytest

from mvn_dask.distribution.known_laws import LEVELS_SHOWN, normal_law
from mvn_dask.errors import ArgumentError
from mvn_dask.plotting.pair_plot import MOST_POINTS, pair_plot, refuse_many
from tests.support.strategies import Floats

pytestmark = pytest.mark.usefixtures("closed_figures")

ROWS = np.random.default_rng(0).standard_normal((400, 2))


def correlation(rows: Floats) -> float:
    return float(np.asarray(np.corrcoef(rows.T))[0, 1])


def test_marginals_pairs_and_correlations() -> None:
    law = normal_law(np.zeros(2), np.eye(2))
    axes = pair_plot(ROWS, ["oil", "gas $x$"], law)
    assert axes.shape == (2, 2)
    assert len(axes[1, 0].collections) == 1
    assert len(axes[1, 0].lines) == 3
    assert [len(axes[i, i].lines) for i in range(2)] == [1, 1]
    assert axes[0, 1].texts[0].get_text() == f"{correlation(ROWS):.2f}".replace("-", "−")
    assert [each.get_ylabel() for each in axes[:, 0]] == [each.get_xlabel() for each in axes[1]] == ["oil", "gas $x$"]
    squares = np.square(axes[1, 0].lines[0].get_xydata()).sum(axis=1)
    np.testing.assert_allclose(squares, -2.0 * np.log1p(-LEVELS_SHOWN[0]))
    axes[0, 0].figure.canvas.draw()


def test_numbers_that_are_not_finite_and_constants() -> None:
    rows = np.column_stack([ROWS, np.ones(400), np.full(400, np.nan)])
    rows[0, 0], rows[1, 1] = np.nan, np.inf
    axes = pair_plot(rows, list("abcd"))
    assert axes[2, 2].texts[0].get_text() == "constant"
    assert axes[3, 3].texts[0].get_text() == "no numbers"
    assert axes[0, 2].texts[0].get_text() == axes[0, 3].texts[0].get_text() == "–"
    assert axes[0, 1].texts[0].get_text() == f"{correlation(ROWS[2:]):.2f}".replace("-", "−")
    axes[0, 0].figure.canvas.draw()


def test_many_rows_are_counted() -> None:
    axes = pair_plot(np.random.default_rng(0).standard_normal((MOST_POINTS + 1, 2)), ["a", "b"])
    (mesh,) = axes[1, 0].collections
    assert np.nansum(mesh.get_array()) >= 0.95 * MOST_POINTS


def test_far_numbers_do_not_squeeze_the_others() -> None:
    column = np.append(np.random.default_rng(0).standard_normal(2000), 1e6)
    low, high = pair_plot(column[:, None], ["a"])[0, 0].get_xlim()
    assert -5 < low < -2 < 2 < high < 5


@pytest.mark.parametrize("count", [0, 11])
def test_too_many(count: int) -> None:
    with pytest.raises(ArgumentError, match=f"1 to 10 variables, and these are {count}: name some by `variables`"):
        refuse_many(count)
