import dask.array as da
import numpy as np
import pytest
from scipy import stats

import mvn_dask
from mvn_dask.errors import ArgumentError
from mvn_dask.estimation.repetition import batch_bounds, over_batches, over_replicates
from mvn_dask.statistics import Extremes, Mean, Moments
from mvn_dask.statistics.missing_values import Counted
from mvn_dask.statistics.weighted_mean import WeightedMean


def results(statistic: object, columns: int = 2) -> list[Counted]:
    rows = np.random.default_rng(0).standard_normal((10, 50, columns))
    found = [statistic.finalize(statistic.leaf(part, 0)) for part in rows]  # type: ignore[attr-defined]
    return [Counted(np.zeros(columns + 1, np.int64), (each, 0.5)) for each in found]


def test_batches_are_of_about_equal_length() -> None:
    bounds = batch_bounds(1003, 10)
    assert bounds[0][0] == 0
    assert bounds[-1][1] == 1003
    assert {stop - start for start, stop in bounds} == {100, 101}
    with pytest.raises(ArgumentError, match="at most 5 batches, not 6"):
        batch_bounds(10, 6)


def test_errors_are_students() -> None:
    parts = results(Mean())
    whole = parts[0]
    mean, plain = over_batches(whole, parts, 0.9).inner
    values = np.array([part.inner[0].value for part in parts])
    np.testing.assert_allclose(mean.standard_error, stats.sem(values))
    half = stats.t.ppf(0.95, 9) * mean.standard_error
    np.testing.assert_allclose(mean.confidence_interval.high, whole.inner[0].value + half)
    assert (plain.value, plain.standard_error) == (0.5, 0.0)
    replicated, _ = over_replicates(parts, 0.9).inner
    np.testing.assert_allclose(replicated.value, values.mean(axis=0))
    assert replicated.count.tolist() == [500, 500]
    assert "10 independent scrambles" in replicated.method


def test_every_estimate_of_a_result() -> None:
    parts = results(Moments())
    moments, _ = over_batches(parts[0], parts, 0.95).inner
    assert "10 batches" in moments.kurtosis.method
    assert (moments.kurtosis.standard_error > 0).all()


def test_results_without_an_error() -> None:
    parts = results(Extremes(2))
    with pytest.raises(ArgumentError, match="has no error to take from repetitions"):
        over_batches(parts[0], parts, 0.95)


def test_replicates_of_a_derived_array_are_those_of_other_scrambles() -> None:
    normal = mvn_dask.MultivariateNormal([0.0, 1.0], [[2.0, 1.0], [1.0, 2.0]])

    def payoff(replicate: int) -> da.Array:
        x = normal.sample(2**12, seed=1, points="sobol", replicate=replicate, chunks=1000)
        derived: da.Array = np.exp(x.sum(axis=1) / 4)
        return derived

    found = mvn_dask.estimate(payoff(7), Mean(), replicates=4)
    means = [mvn_dask.estimate(payoff(replicate), Mean()).value for replicate in range(4)]
    np.testing.assert_allclose(found.value, np.mean(means), rtol=1e-14)
    np.testing.assert_allclose(found.standard_error, np.std(means, ddof=1) / 2, rtol=1e-9)
    with pytest.raises(ArgumentError, match="only a sample of Sobol' points has replicates"):
        mvn_dask.estimate(normal.sample(2**12, seed=1), Mean(), replicates=4)


def test_weights_of_repetitions() -> None:
    rows = np.random.default_rng(0).standard_normal((10, 50, 2)) * [1.0, 4.0] - [0.0, 8.0]
    weighted = WeightedMean(0.95)
    parts = [Counted(np.zeros(2, np.int64), (weighted.finalize(weighted.leaf(part, 0)),)) for part in rows]
    (found,) = over_replicates(parts, 0.95).inner
    sizes = [part.inner[0].effective_sample_size for part in parts]
    np.testing.assert_allclose(found.effective_sample_size, np.sum(sizes, axis=0))
    assert "few terms decide" in found.warning
