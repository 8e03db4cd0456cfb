from itertools import combinations

import numpy as np
import pytest
from scipy.stats import expon, f

import mvn_dask
from mvn_dask.distribution.base import Distribution
from mvn_dask.reporting.pair_densities import LEVELS, PAIR_BINS, PairDensities, pair_scale
from tests.reporting.samples import COV, MEAN, Block, estimate, sample

CORRELATION = 0.5 * np.eye(3) + 0.5


def densities(found: PairDensities | None) -> PairDensities:
    assert found is not None
    return found


def test_against_numpy() -> None:
    estimates = estimate(x := sample(20_001, chunks=3000))
    found, reach = densities(estimates.measured.densities), pair_scale(estimates.reference).reach
    y = (x.compute() - MEAN) / np.sqrt(np.diag(COV))
    correlation = COV / np.sqrt(np.outer(np.diag(COV), np.diag(COV)))
    edges = [-np.inf, *np.linspace(-reach, reach, PAIR_BINS + 1), np.inf]
    assert found.rows == 20_001
    for pair, (i, j) in enumerate(combinations(range(4), 2)):
        expected = np.histogram2d(np.clip(y[:, i], -99, 99), np.clip(y[:, j], -99, 99), [np.clip(edges, -100, 100)] * 2)
        assert found.counts[pair].tolist() == expected[0].astype(int).tolist()
        two = correlation[np.ix_([i, j], [i, j])]
        squares = np.einsum("ni,ij,nj->n", y[:, [i, j]], np.linalg.inv(two), y[:, [i, j]])
        for level, within in zip(LEVELS, found.within[pair], strict=True):
            assert within == np.count_nonzero(squares <= -2.0 * np.log(1.0 - level))


@pytest.mark.parametrize(
    "distribution",
    [
        mvn_dask.MultivariateNormal([1.0, 2.0, 3.0], CORRELATION * 4.0),
        mvn_dask.MultivariateT([1.0, 2.0, 3.0], CORRELATION * 4.0, 2.5),
        mvn_dask.GaussianCopula(CORRELATION, expon()),
    ],
    ids=["normal", "t", "copula"],
)
def test_regions_hold_their_shares(distribution: Distribution) -> None:
    """Within 4.5 standard errors: nine shares are wrong once in 16,000 cases."""
    found = densities(estimate(distribution.sample(40_000, seed=3)).measured.densities)
    for level, within in zip(LEVELS, found.within.T, strict=True):
        assert within / 40_000 == pytest.approx(level, abs=4.5 * np.sqrt(level * (1 - level) / 40_000))


def test_the_radius_of_a_pair_of_a_t_distribution() -> None:
    estimates = estimate(mvn_dask.MultivariateT([0.0, 0.0], 1.0, 5.0).sample(10, seed=1))
    radii = pair_scale(estimates.reference).radii
    assert radii**2 / 2.0 == pytest.approx(f(2, 5).ppf(LEVELS))


def test_one_row_in_three(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mvn_dask.reporting.selection.MOST_DENSITY_ROWS", 1000)
    whole, x = sample(3000, chunks=700), sample(3000, chunks=800)
    estimates = estimate(x)
    assert estimates.selection.pair_stride == 3
    assert estimates.selection.left_out() == ["Densities of pairs: of one row in 3: a picture shows no more."]
    found, other = (densities(each.measured.densities) for each in (estimates, estimate(whole)))
    assert found.rows == found.counts[0].sum() == 1000
    assert found.counts.tolist() == other.counts.tolist(), "which rows does not depend on the chunks"


def test_what_is_no_number_lies_beyond() -> None:
    def change(numbers: Block) -> Block:
        numbers[:3, 0] = np.nan, np.inf, -np.inf
        return numbers

    found = densities(estimate(sample(1000), change).measured.densities)
    assert found.counts.sum(axis=(1, 2)).tolist() == [1000] * 6
    assert found.counts[0, -1].sum() >= 2
    assert found.counts[0, 0].sum() >= 1


def test_only_of_few_variables_in_the_same_chunks() -> None:
    many = mvn_dask.MultivariateNormal(np.zeros(11), 1.0).sample(100, seed=1)
    cut = mvn_dask.MultivariateNormal(np.zeros(4), 1.0).sample(100, seed=1, chunks=(50, 2))
    single = mvn_dask.MultivariateNormal([0.0], 1.0).sample(100, seed=1)
    assert [estimate(x).measured.densities for x in (many, cut, single)] == [None] * 3
    empty = densities(estimate(sample(0)).measured.densities)
    assert empty.rows == empty.counts.sum() == 0
