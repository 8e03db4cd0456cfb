"""A basket option against its published value: plainly, with a control variate, and by scrambled Sobol' points.

The call on the mean of four stocks of Krekel, de Kock, Korn and Man (An analysis of pricing methods for basket options,
Wilmott Magazine 2004(7), 82): forwards and strike 100, five years, volatilities of 40 %, no interest. The exact values
are those of Choi (Sum of all Black-Scholes-Merton models, Journal of Futures Markets 38 (2018) 627,
doi:10.1002/fut.21909). The control is the geometric mean's call, whose value is Black's formula.
"""

import argparse

import dask.array as da
import numpy as np
import numpy.typing as npt
from scipy.stats import norm

import mvn_dask
from mvn_dask.statistics import Mean

EXACT = {0.1: 21.6921, 0.5: 28.0074, 0.8: 32.0412}
"""Values by the correlation of the stocks."""
STOCKS, YEARS, VOLATILITY, STRIKE, FORWARD = 4, 5.0, 0.4, 100.0, 100.0
Rows = npt.NDArray[np.float64]


def arithmetic_call(x: Rows) -> Rows:
    """Payoff of the mean of the stocks, whose logarithms are the rows."""
    return np.asarray(np.maximum(FORWARD * np.exp(x).mean(axis=1) - STRIKE, 0.0))


def geometric_call(x: Rows) -> Rows:
    """Payoff of the geometric mean of the stocks."""
    return np.asarray(np.maximum(FORWARD * np.exp(x.mean(axis=1)) - STRIKE, 0.0))


def geometric_value(correlation: float) -> float:
    """Value of that payoff, by Black's formula: the geometric mean is lognormal."""
    total = VOLATILITY**2 * YEARS
    deviation = np.sqrt(total * (1 + (STOCKS - 1) * correlation) / STOCKS)
    forward = FORWARD * np.exp((deviation**2 - total) / 2)
    d1 = np.log(forward / STRIKE) / deviation + deviation / 2
    return float(forward * norm.cdf(d1) - STRIKE * norm.cdf(d1 - deviation))


def main() -> None:
    """Price the option three ways for each correlation."""
    parser = argparse.ArgumentParser(description="Price a basket option, and compare with its published value.")
    parser.add_argument("--power", type=int, default=20, help="binary logarithm of the rows")
    options = parser.parse_args()
    rows, total = 2**options.power, VOLATILITY**2 * YEARS
    print(f"call on the mean of {STOCKS} stocks, {rows:,} rows (of each of 8 scrambles for points):")
    for correlation, exact in EXACT.items():
        covariance = total * (correlation + (1 - correlation) * np.eye(STOCKS))
        normal = mvn_dask.MultivariateNormal(np.full(STOCKS, -total / 2), covariance, method="eigh")
        x = normal.sample(rows, seed=2004)
        payoff, control = (da.map_blocks(call, x, drop_axis=1) for call in (arithmetic_call, geometric_call))
        points = normal.sample(rows, seed=2004, points="sobol")
        found = {
            "plain": mvn_dask.estimate(payoff, Mean()),
            "control variate": mvn_dask.estimate(
                payoff, Mean(controls=control, control_mean=geometric_value(correlation))
            ),
            "Sobol' points": mvn_dask.estimate(
                da.map_blocks(arithmetic_call, points, drop_axis=1), Mean(), replicates=8
            ),
        }
        print(f"  correlation {correlation}: published {exact:.4f}")
        for name, each in found.items():
            print(f"    {name:16} {each.value:.4f} ± {each.standard_error:.4f}")


if __name__ == "__main__":
    main()
