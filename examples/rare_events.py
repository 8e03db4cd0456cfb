"""Probabilities of events of normal vectors, common and rare, beside their closed forms.

Orthants of two and three correlated variables (Sheppard 1898; David 1953): as many rows as an error of 1 % takes. Then
a loss that comes once in a million: by rows that are drawn around it, and weighted (importance sampling by a shift of
the mean, Owen, Monte Carlo theory, methods and examples, 2013, section 9.9).
"""

import argparse

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

import mvn_dask
from mvn_dask.statistics import Probability

Rows = npt.NDArray[np.float64]


def all_positive(x: Rows) -> npt.NDArray[np.bool_]:
    """Whether all variables of a row are positive."""
    return np.asarray((x > 0).all(axis=1))


def orthants() -> None:
    """Estimate until the error is 1 %."""
    two, three = np.array([[1.0, 0.5], [0.5, 1.0]]), np.array([[1.0, 0.5, -0.2], [0.5, 1.0, -0.3], [-0.2, -0.3, 1.0]])
    upper = np.arcsin(three[np.triu_indices(3, 1)]).sum()
    for name, covariance, exact in (
        ("2 variables", two, 1 / 4 + np.arcsin(two[0, 1]) / (2 * np.pi)),
        ("3 variables", three, 1 / 8 + upper / (4 * np.pi)),
    ):
        normal = mvn_dask.MultivariateNormal(np.zeros(len(covariance)), covariance)
        found = mvn_dask.estimate_until(normal, None, Probability(all_positive), rtol=0.01, seed=1898)
        interval = found.confidence_interval
        print(
            f"  {name}: {found.value:.5f}, 95 % interval {interval.low:.5f} to {interval.high:.5f}, "
            f"closed form {exact:.5f}; {found.count:,} rows"
        )


def one_in_a_million(rows: int) -> None:
    """A sum of five losses beyond its 99.9999 % quantile."""
    covariance = 0.3 + 0.7 * np.eye(5)
    deviation = float(np.sqrt(covariance.sum()))
    level = deviation * norm.isf(1e-6)
    normal = mvn_dask.MultivariateNormal(np.zeros(5), covariance)
    # The most likely row of the event.
    shifted = normal.shifted(covariance.sum(axis=1) * level / deviation**2)
    x = shifted.sample(rows, seed=1953)
    losses = mvn_dask.combine(x, np.ones(5))
    event = Probability(lambda loss: loss > level)
    found = mvn_dask.estimate(losses, event, log_weights=shifted.log_weights(x))
    plain = mvn_dask.estimate(mvn_dask.combine(normal.sample(rows, seed=1953), np.ones(5)), event)
    print(
        f"  shifted: {found.value:.4e} ± {found.standard_error / found.value:.2%}, closed form 1e-06; "
        f"{rows:,} rows count for {found.effective_sample_size:,.0f} terms"
    )
    print(f"  without: {plain.value:.1e}, 95 % interval up to {plain.confidence_interval.high:.1e}")


def main() -> None:
    """Common events, then a rare one."""
    parser = argparse.ArgumentParser(description="Estimate probabilities of normal vectors.")
    parser.add_argument("--rows", type=int, default=2**20, help="rows for the rare event")
    options = parser.parse_args()
    print("all variables positive:")
    orthants()
    print("a loss that comes once in a million:")
    one_in_a_million(options.rows)


if __name__ == "__main__":
    main()
