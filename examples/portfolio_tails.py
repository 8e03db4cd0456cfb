"""Value at risk and expected shortfall of 30 portfolios, estimated while they are drawn, beside their closed forms.

Fits mean and covariance to 819 months of real returns. Draws joint returns of the normal law, and of the multivariate t
with the same covariance and five degrees of freedom, and estimates the tail of equal weights, and of each portfolio by
itself, in one pass in which nothing is kept. Both laws are elliptical, so that every linear combination has a closed
form (McNeil, Frey and Embrechts, Quantitative Risk Management, 2005, examples 2.14, 2.18 and 2.19).
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import norm, t

import mvn_dask
from mvn_dask.statistics import ExpectedShortfall, Mean, ValueAtRisk

FACTORS = ["MktRF", "SMB", "HML", "Mom", "RF"]
LEVEL = 0.999
DEGREES = 5.0


def closed_form(kind: str) -> tuple[float, float]:
    """Quantile and shortfall of a variable with mean 0 and variance 1."""
    if kind == "normal":
        return float(norm.ppf(LEVEL)), float(norm.pdf(norm.ppf(LEVEL)) / (1 - LEVEL))
    quantile, scale = float(t.ppf(LEVEL, DEGREES)), np.sqrt((DEGREES - 2) / DEGREES)
    shortfall = t.pdf(quantile, DEGREES) / (1 - LEVEL) * (DEGREES + quantile**2) / (DEGREES - 1)
    return quantile * scale, float(shortfall) * scale


def main() -> None:
    """Fit, draw and estimate."""
    parser = argparse.ArgumentParser(description="Estimate the tails of portfolios while their returns are drawn.")
    parser.add_argument("--rows", type=int, default=4_000_000, help="joint returns to draw, of each law")
    options = parser.parse_args()
    table = pd.read_csv(Path(__file__).parent / "data" / "french-monthly.csv", index_col="dates", parse_dates=True)
    returns = table.drop(columns=FACTORS)
    mean, covariance = returns.mean(), returns.cov()
    laws = {
        "normal": mvn_dask.MultivariateNormal(mean, covariance),
        "t": mvn_dask.MultivariateT(mean, covariance * (DEGREES - 2) / DEGREES, DEGREES),
    }
    weights = {name: -1 / len(mean) for name in returns.columns}
    volatility, drift = np.sqrt(covariance.to_numpy().mean()), mean.mean()
    statistics = Mean(), ValueAtRisk(LEVEL), ExpectedShortfall(LEVEL)
    for kind, law in laws.items():
        x = law.sample(options.rows, seed=1949)
        quantile, shortfall = closed_form(kind)
        exact = [-drift, volatility * quantile - drift, volatility * shortfall - drift]
        print(f"{kind}, monthly loss of equal weights, {options.rows:,} rows:")
        found = mvn_dask.estimate(mvn_dask.combine(x, weights), *statistics)
        for name, each, known in zip(("mean", f"{LEVEL:.1%} value at risk", "shortfall"), found, exact, strict=True):
            interval = each.confidence_interval
            print(
                f"  {name:20} {each.value:8.4%}, 95 % interval {interval.low:8.4%} to {interval.high:8.4%}, "
                f"closed form {known:8.4%}"
            )
        each = mvn_dask.estimate(-x, ValueAtRisk(LEVEL))
        known = np.sqrt(np.diag(covariance)) * quantile - mean
        inside = (each.confidence_interval.low <= known) & (known <= each.confidence_interval.high)
        worst = int(np.argmax(each.value))
        print(
            f"  of each portfolio: {inside.sum()} of {len(known)} closed forms lie within; "
            f"largest {returns.columns[worst]} {each.value[worst]:.2%}, closed form {known.iloc[worst]:.2%}"
        )


if __name__ == "__main__":
    main()
