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


def test_names_are_wrapped_at_the_axes() -> None:
    names = [
        "variable_0=0, variable_1=0",
        "a long name of many words with its unit [kg m-2 s-1] and more",
        "a\n<b> $x$",
    ]
    axes = pair_plot(np.ones((5, 3)), names)
    assert [each.get_xlabel() for each in axes[2]] == [
        "variable_0=0,\nvariable_1=0", "a long name of\nmany words with\nits unit [kg m-2 …", "a\\n<b> $x$"
    ]  # fmt: skip
    axes[0, 0].figure.canvas.draw()


@pytest.mark.parametrize("scale", [1e300, 1e-150])
def test_numbers_of_any_size_have_correlations_and_histograms(scale: float) -> None:
    axes = pair_plot(scale * ROWS, ["a", "b"])
    assert axes[0, 1].texts[0].get_text() == f"{correlation(ROWS):.2f}".replace("-", "−")
    (steps,) = axes[0, 0].patches
    heights = steps.get_data().values
    assert 1.0 < heights.max() < 10.0


def test_counts_are_seen_on_any_ground() -> None:
    """The fewer rows, the more transparent: nothing is white on black."""
    axes = pair_plot(np.random.default_rng(0).standard_normal((MOST_POINTS + 1, 2)), ["a", "b"])
    (mesh,) = axes[1, 0].collections
    least, most = mesh.cmap(0.0), mesh.cmap(1.0)
    assert least[:3] == pytest.approx(most[:3])
    assert least[3] < 0.3 < most[3] == 1.0
