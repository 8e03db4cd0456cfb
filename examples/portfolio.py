"""Five million joint monthly returns of 30 portfolios, kept in Zarr, and the risk they tell of.

Estimates mean and covariance from 819 months of real returns, draws on a local Dask cluster of two worker
processes into a Zarr store, reads the store back lazily, and compares what was drawn with what was asked
for: moments in units of their standard errors, value at risk and expected shortfall of an equally
weighted portfolio with the closed-form values of a normal distribution.

Run it again and it finds the finished store; kill it (kill -9) and run it again, and it goes on. Every chunk is
verified: its checksum, and a stripe of its rows drawn again from the store alone.
"""

import argparse
import resource
import time
from dataclasses import dataclass
from pathlib import Path

import dask.array as da
import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import pandas as pd
from distributed import Client, LocalCluster
from scipy.stats import chi2, norm

import mvn_dask

mpl.use("agg")
import matplotlib.pyplot as plt

FACTORS = ["MktRF", "SMB", "HML", "Mom", "RF"]
LEVEL = 0.99
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Risk:
    """One-month risk of a portfolio, as fractions of its value."""

    value_at_risk: float
    """Loss that is exceeded in one month of a hundred."""
    expected_shortfall: float
    """Mean loss in those months."""


def portfolios(path: Path) -> pd.DataFrame:
    """Monthly returns of the 30 portfolios: a row a month, a column a portfolio."""
    return pd.read_csv(path, index_col="dates", parse_dates=True).drop(columns=FACTORS)


def moment_errors(samples: da.Array, mean: Floats, cov: Floats) -> tuple[Floats, Floats]:
    """Errors of the sample mean (d,) and covariance (d, d), in units of their standard errors."""
    n = len(samples)
    centred = samples - mean
    shift, second = da.compute(centred.mean(axis=0), centred.T @ centred)
    sample_cov = (second - n * np.outer(shift, shift)) / (n - 1)
    variances = np.diag(cov)
    mean_error = shift / np.sqrt(variances / n)
    cov_error = (sample_cov - cov) / np.sqrt((np.outer(variances, variances) + cov**2) / n)
    return mean_error, cov_error


def sampled_risk(losses: Floats) -> Risk:
    """Risk as the samples tell it."""
    value_at_risk = float(np.quantile(losses, LEVEL))
    return Risk(value_at_risk, float(losses[losses >= value_at_risk].mean()))


def normal_risk(mean: float, deviation: float) -> Risk:
    """Risk of a normally distributed return, in closed form (McNeil, Frey, Embrechts 2015, ch. 2)."""
    z = float(norm.ppf(LEVEL))
    tail = float(norm.pdf(z)) / (1 - LEVEL)
    return Risk(-mean + deviation * z, -mean + deviation * tail)


def store_samples(samples: da.Array, store: Path) -> None:
    """Draw what is missing into the store, tell how fast, and compare what lies there with what should."""
    gib = samples.nbytes / 2**30
    size = f"{len(samples):,} rows of {samples.shape[1]}, {gib:.2f} GiB"
    try:
        before = mvn_dask.status(store)
    except mvn_dask.errors.NotAStoreError:
        before = None
    if before is not None and not before.complete:
        print(f"going on: {before.missing} of {before.done + before.missing} chunks of {store} are missing")
    begin = time.perf_counter()
    mvn_dask.to_zarr(samples, store)
    seconds = time.perf_counter() - begin
    if before is not None and before.complete:
        print(f"found the finished store {store}: {size}")
    else:
        rate = f", {gib / seconds:.2f} GiB/s drawn and written" if before is None else ""
        print(f"{size}, are on disk in {store} after {seconds:.1f} s{rate}")
    begin = time.perf_counter()
    report = mvn_dask.verify(store, level="values")
    seconds = time.perf_counter() - begin
    good = report.chunks - len(report.bad)
    print(f"{good} of {report.chunks} chunks verified in {seconds:.1f} s: checksums, and a stripe of each drawn again")


def draw_picture(losses: Floats, mean: float, deviation: float, path: Path) -> None:
    """Save the distribution of the loss, with both measures of risk marked."""
    sampled, exact = sampled_risk(losses), normal_risk(mean, deviation)
    figure, axes = plt.subplots(figsize=(9, 5), layout="constrained")
    axes.hist(100 * losses, bins=200, density=True, color="#9ecae1", label=f"{len(losses):,} sampled months")
    x = np.linspace(losses.min(), losses.max(), 500)
    axes.plot(100 * x, norm.pdf(x, -mean, deviation) / 100, color="#08519c", lw=1.5, label="normal density")
    marks = [
        ("value at risk", sampled.value_at_risk, exact.value_at_risk, "#d95f0e"),
        ("expected shortfall", sampled.expected_shortfall, exact.expected_shortfall, "#a50f15"),
    ]
    for name, ours, closed, colour in marks:
        label = f"{LEVEL:.0%} {name}: {ours:.3%} (closed form {closed:.3%})"
        axes.axvline(100 * ours, color=colour, lw=1.5, label=label)
    axes.set_xlabel("loss in one month, % of the portfolio")
    axes.set_ylabel("density per %")
    axes.set_title("Equally weighted portfolio of 30 portfolios, 1949 – 2017")
    axes.set_ylim(top=1.3 * axes.get_ylim()[1])
    axes.legend(frameon=False, loc="upper center", ncols=2)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def peak_memory() -> float:
    """Most memory this process ever held, in MiB."""
    status = Path("/proc/self/status")
    if status.exists():  # the other number counts, on Linux, what the process was started from
        return int(next(line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM"))) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def analyse(samples: da.Array, mean: Floats, cov: Floats, picture: Path) -> None:
    """Print what the samples tell, and save the picture."""
    mean_error, cov_error = moment_errors(samples, mean, cov)
    shift = mean_error * np.sqrt(np.diag(cov))
    chi_square = float(shift @ np.linalg.solve(cov, shift))
    for name, error in (("mean", mean_error), ("covariance", cov_error)):
        print(
            f"{name}: errors in standard errors: root mean square {np.sqrt(np.mean(error**2)):.2f}, "
            f"largest {np.abs(error).max():.2f} of {error.size}"
        )
    print(
        f"mean: the portfolios move together, and so do these errors; jointly, chi-square "
        f"{chi_square:.1f} on {len(mean)} degrees of freedom (p = {chi2.sf(chi_square, len(mean)):.2f})"
    )
    weights = np.full(len(mean), 1 / len(mean))
    losses = -(samples @ weights).compute()
    expected, deviation = float(weights @ mean), float(np.sqrt(weights @ cov @ weights))
    sampled, exact = sampled_risk(losses), normal_risk(expected, deviation)
    print(f"one month, {LEVEL:.0%}      sampled   closed form")
    print(f"value at risk      {sampled.value_at_risk:8.4%}      {exact.value_at_risk:8.4%}")
    print(f"expected shortfall {sampled.expected_shortfall:8.4%}      {exact.expected_shortfall:8.4%}")
    draw_picture(losses, expected, deviation, picture)
    print(f"picture: {picture}")


def main() -> None:
    """Parse the command line and do everything on a local cluster."""
    parser = argparse.ArgumentParser(description="Draw joint returns into Zarr and tell their risk.")
    parser.add_argument("--rows", type=int, default=5_000_000, help="joint returns to draw")
    parser.add_argument("--output", type=Path, default=Path("build/demo"), help="folder of the results")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)

    returns = portfolios(Path(__file__).parent / "data" / "french-monthly.csv")
    mean, cov = returns.mean(), returns.cov()
    print(f"{len(returns)} months of {len(mean)} portfolios; condition number {np.linalg.cond(cov):.0f}")
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, memory_limit="1 GiB", dashboard_address="127.0.0.1:0"
        ) as cluster,
        Client(cluster) as client,
    ):
        normal = mvn_dask.MultivariateNormal(mean, cov)
        store = options.output / "returns.zarr"
        store_samples(normal.sample(options.rows, seed=1949, chunks="64 MiB"), store)
        analyse(mvn_dask.from_zarr(store), mean.to_numpy(), cov.to_numpy(), options.output / "loss.png")
        peaks = [peak_memory(), *client.run(peak_memory).values()]
        print("peak memory, MiB: client " + ", workers ".join(f"{peak:.0f}" for peak in peaks[:2]), end="")
        print("".join(f", {peak:.0f}" for peak in peaks[2:]))


if __name__ == "__main__":
    main()
