"""A factor model of 30 portfolios: their joint returns, and what becomes of them when the market falls.

Regresses 819 months of real excess returns on market, size, value and momentum, and keeps what these factors explain as
loadings, and the rest as variances: a `LowRank` covariance of the factors and the portfolios. Draws from it, and
compares the risk of equal weights in all portfolios with its closed form. Then conditions on a fall of the market by
10 %: the means must be those of the regression on the market alone, which knows of no model.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import norm

import mvn_dask
from mvn_dask.covariance import LowRank

FACTORS = ["MktRF", "SMB", "HML", "Mom"]
LEVEL = 0.99
FALL = -0.10


def excess_returns(path: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Monthly returns of the four factors and, over the risk-free rate, of the 30 portfolios."""
    table = pd.read_csv(path, index_col="dates", parse_dates=True)
    return table[FACTORS], table.drop(columns=[*FACTORS, "RF"]).sub(table["RF"], axis=0)


def factor_model(factors: pd.DataFrame, returns: pd.DataFrame) -> mvn_dask.MultivariateNormal:
    """The joint law of factors and portfolios: ``r = alpha + B f + e``, by least squares.

    With the factors' covariance ``L L'``, the loadings are ``L`` for the factors, which have no variance of their own,
    and ``B L`` for the portfolios (Fan, Fan and Lv 2008, doi:10.1016/j.jeconom.2008.09.017).
    """
    design = np.column_stack([np.ones(len(factors)), factors])
    coefficients = np.linalg.lstsq(design, returns, rcond=None)[0]
    residuals = returns.to_numpy() - design @ coefficients
    root = np.linalg.cholesky(factors.cov())
    own = (residuals**2).sum(axis=0) / (len(returns) - design.shape[1])
    loadings = np.vstack([root, coefficients[1:].T @ root])
    variances = np.concatenate([np.zeros(len(FACTORS)), own])
    names = [*factors.columns, *returns.columns]
    mean = np.concatenate([factors.mean(), returns.mean()])
    return mvn_dask.MultivariateNormal(mean, LowRank(loadings, variances, names=names))


def compare_risk(normal: mvn_dask.MultivariateNormal, rows: int, seed: int) -> None:
    """Mean, volatility and value at risk of equal weights: as drawn, in closed form, with 2 standard errors."""
    weights = np.full(normal.ndim, 1 / normal.ndim)
    drawn = (normal.sample(rows, seed=seed) @ weights).compute()
    mean = float(weights @ normal.mean)
    volatility = float(np.sqrt(weights @ normal.covariance.to_dense() @ weights))
    loss = volatility * norm.ppf(LEVEL) - mean
    quantile_error = np.sqrt(LEVEL * (1 - LEVEL) / rows) / norm.pdf(norm.ppf(LEVEL))
    for name, ours, exact, error in (
        ("mean", drawn.mean(), mean, 1 / np.sqrt(rows)),
        ("volatility", drawn.std(), volatility, 1 / np.sqrt(2 * rows)),
        (f"{LEVEL:.0%} value at risk", -np.quantile(drawn, 1 - LEVEL), loss, quantile_error),
    ):
        print(f"  {name:17} drawn {ours:8.4%}, closed form {exact:8.4%} ± {2 * volatility * error:.4%}")


def main() -> None:
    """Fit, draw, and condition on the market."""
    parser = argparse.ArgumentParser(description="Draw returns from a factor model, and given a fall of the market.")
    parser.add_argument("--rows", type=int, default=500_000, help="joint returns to draw")
    options = parser.parse_args()
    factors, returns = excess_returns(Path(__file__).parent / "data" / "french-monthly.csv")
    joint = factor_model(factors, returns)
    portfolios = joint.marginal(list(returns.columns))
    print(f"{len(returns)} months; {joint}")
    own = joint.condition(FACTORS, factors.mean()).covariance.variances()
    explained = 1 - own / portfolios.covariance.variances()
    print(f"the factors explain {explained.min():.0%} to {explained.max():.0%} of the variances")

    print("equal weights, one month:")
    compare_risk(portfolios, options.rows, seed=1949)
    held = float(returns.mean(axis=1).std())
    print(f"  volatility of the {len(returns)} months themselves: {held:.4%}")

    given = joint.condition("MktRF", FALL).marginal(list(returns.columns))
    market = factors["MktRF"]
    slopes = returns.apply(lambda portfolio: portfolio.cov(market)) / market.var()
    line = returns.mean() + slopes * (FALL - market.mean())
    print(f"the market falls by {-FALL:.0%}:")
    print(f"  means differ from the regression on the market by {np.abs(given.mean - line).max():.1e} at most")
    worst, best = int(given.mean.argmin()), int(given.mean.argmax())
    print(
        f"  worst {returns.columns[worst]} {given.mean[worst]:.1%}, best {returns.columns[best]} {given.mean[best]:.1%}"
    )
    compare_risk(given, options.rows, seed=1987)
    months = market.between(FALL - 0.02, FALL + 0.02)
    expected = line.mean() + slopes.mean() * (market[months].mean() - FALL)
    seen = returns[months].mean(axis=1).mean()
    print(f"  {months.sum()} months had a fall of 8 % to 12 %: mean {seen:.2%}, where the model has {expected:.2%}")


if __name__ == "__main__":
    main()
