"""Estimates beside drawing alone, and beside what else computes them: time, traffic, and how far off they are.

Times are those of all threads of the process, so that what other processes take of its cores does not count. Ours are
compared in turn; peers draw and estimate in processes of their own.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import numpy as np
from dask.base import compute
from scipy.special import ndtri
from scipy.stats import norm, qmc

import mvn_dask
from benchmarks.engine import CORES, Drawing
from benchmarks.other_processes import OtherProcesses
from benchmarks.timing import Row, at_most, best_in_turn
from mvn_dask.estimation.passes import Reduction
from mvn_dask.estimation.row_source import row_source
from mvn_dask.execution.blocks import Blocks
from mvn_dask.execution.engine import run
from mvn_dask.execution.progress import Progress
from mvn_dask.execution.ranges import range_size
from mvn_dask.statistics import ExpectedShortfall, Mean, MeanAndCovariance, Probability, Quantile, ValueAtRisk

COLUMNS = 30
LEVEL = 0.999
PEER_ROWS = 10**6


def measure(small: bool, folder: Path, given: dict[str, str]) -> tuple[list[Row], dict[str, str]]:
    """Rows of the table, and why peers are missing."""
    peers = OtherProcesses(folder, given, script="estimate_peers.py", create=not small)
    with dask.config.set(scheduler="threads", num_workers=CORES):
        rows = [_covariances(small), _tails(small), _traffic(small), _rare_event(small)]
        rows += [_against_peers(peers, small), _quantile_of_dask(peers, small), _points(peers, small)]
    return rows, peers.skipped


def _normal() -> mvn_dask.MultivariateNormal:
    generator = np.random.default_rng(0)
    root = generator.standard_normal((COLUMNS, COLUMNS)) / np.sqrt(COLUMNS)
    return mvn_dask.MultivariateNormal(
        np.linspace(-1, 1, COLUMNS), root @ root.T + 0.5 * np.eye(COLUMNS), method="cholesky"
    )


def _draw(array: da.Array) -> None:
    """Blocks that are computed and dropped, in ranges as an estimate has them."""
    block_bytes = int(np.prod(array.chunksize)) * array.itemsize
    with Progress(array.numblocks[0], "block", block_bytes) as progress:
        for _ in run(Drawing(Blocks(array)), np.arange(array.numblocks[0]), range_size(block_bytes), progress):
            pass


def _in_turn(actions: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    for action in actions.values():
        action()
    return best_in_turn(actions, rounds, time.process_time)


def _covariances(small: bool) -> Row:
    rows = 10**5 if small else 10**7
    x = _normal().sample(rows, seed=1)
    pieces = row_source(x).array
    best = _in_turn(
        {
            "draw": lambda: _draw(pieces),
            "ours": lambda: mvn_dask.estimate(x, MeanAndCovariance()),
            "da.mean, da.cov": lambda: compute(x.mean(axis=0), da.cov(x, rowvar=False)),
        },
        1 if small else 3,
    )
    ratio, theirs = best["ours"] / best["draw"], best["da.mean, da.cov"] / best["draw"]
    per_number = 1e9 / rows / COLUMNS
    against = f"drawing {best['draw'] * per_number:.2f} ns a number; da.mean and da.cov {theirs:.2f}×"
    target = at_most(1.45, ratio, "× drawing")
    return Row(f"mean and covariance, {COLUMNS} columns", ratio, "× drawing", against, target)


def _tails(small: bool) -> Row:
    rows = 10**5 if small else 3 * 10**7
    losses = mvn_dask.combine(_normal().sample(rows, seed=1), np.full(COLUMNS, 1 / COLUMNS))
    pieces = row_source(losses).array
    statistics = Mean(), ValueAtRisk(LEVEL), ExpectedShortfall(LEVEL)
    best = _in_turn(
        {"draw": lambda: _draw(pieces), "ours": lambda: mvn_dask.estimate(losses, *statistics)}, 1 if small else 3
    )
    ratio = best["ours"] / best["draw"]
    against = f"drawing {1e9 * best['draw'] / rows:.0f} ns a row; {rows:.0e} rows"
    return Row(
        "value at risk, shortfall and mean of a combination", ratio, "× drawing", against,
        at_most(1.15, ratio, "× drawing"),
    )  # fmt: skip


def _traffic(small: bool) -> Row:
    """What comes to the client, pickled, of blocks and leaves that do not align."""
    import pickle

    rows = 10**5 if small else 15 * 10**6
    came = []
    original = Reduction.__call__

    def counted(self: Reduction, numbers: Any) -> Any:
        found = original(self, numbers)
        came.append(len(pickle.dumps(found)))
        return found

    Reduction.__call__ = counted  # type: ignore[method-assign]
    try:
        share = {}
        for name, chunks in (("cut", 77_777), ("aligned", 65_536)):
            came.clear()
            x = da.tanh(_normal().sample(rows, seed=1, chunks=chunks))
            mvn_dask.estimate(x, MeanAndCovariance())
            share[name] = 100 * sum(came) / (rows * COLUMNS * 8)
    finally:
        Reduction.__call__ = original  # type: ignore[method-assign]
    target = at_most(1.0, share["cut"], "%") + ", " + at_most(0.1, share["aligned"], "% where aligned")
    return Row("traffic to the client", share["cut"], "% of the bytes", f"aligned {share['aligned']:.3f} %", target)


def _rare_event(small: bool) -> Row:
    """A probability of 1e-6, by rows that are drawn around the event."""
    rows, level = 2**12 if small else 2**20, float(-ndtri(1e-6))
    normal = mvn_dask.MultivariateNormal(np.zeros(4), np.full((4, 4), 0.25) + 0.75 * np.eye(4))
    deviation = float(np.sqrt(normal.covariance.to_dense().mean()))
    # The mean of the event's most likely row.
    shifted = normal.shifted(normal.covariance.to_dense().mean(axis=1) * level / deviation)
    x = shifted.sample(rows, seed=1)
    found = mvn_dask.estimate(
        mvn_dask.combine(x, np.full(4, 0.25 / deviation)),
        Probability(lambda value: value > level),
        log_weights=shifted.log_weights(x),
    )
    error = 100 * found.standard_error / found.value
    against = f"{found.value:.4e} ± {found.standard_error:.1e}, exact {norm.sf(level):.4e}; {rows} rows"
    target = at_most(1.0, error, "%")
    return Row("probability of 1e-6 by shift, relative standard error", error, "%", against, target)


def _against_peers(peers: OtherProcesses, small: bool) -> Row:
    """Drawing, mean, covariance and quantile, beside OpenTURNS, which keeps the sample."""
    rows = 10**4 if small else PEER_ROWS
    normal = _normal()

    def ours() -> None:
        mvn_dask.estimate(normal.sample(rows, seed=1), MeanAndCovariance(), Quantile(0.99))

    seconds = _in_turn({"ours": ours}, 1 if small else 3)["ours"]
    against = peers.ratio("openturns", seconds, columns=COLUMNS, rows=rows, level=0.99)
    return Row("draw, mean, covariance and quantiles", 1e9 * seconds / rows, "ns a row", against)


def _points(peers: OtherProcesses, small: bool) -> Row:
    """Rows of Sobol' points, as a sample, beside scipy's and QMCPy's, on one thread."""
    rows = 2**10 if small else 2**18
    normal = _normal()
    theirs = qmc.MultivariateNormalQMC(
        normal.mean, normal.covariance.to_dense(), engine=qmc.Sobol(COLUMNS, scramble=True, bits=52)
    )

    def ours() -> None:
        normal.sample(rows, seed=1, points="sobol").compute(scheduler="synchronous")

    best = _in_turn({"ours": ours, "scipy": lambda: theirs.random(rows)}, 1 if small else 5)
    per_number = 1e9 / rows / COLUMNS
    texts = [f"scipy's MultivariateNormalQMC {best['scipy'] / best['ours']:.1f}×"]
    texts += filter(None, [peers.ratio("qmcpy", best["ours"], columns=COLUMNS, rows=rows)])
    return Row(f"rows of Sobol' points, {COLUMNS} columns", best["ours"] * per_number, "ns a number", ", ".join(texts))


def _quantile_of_dask(peers: OtherProcesses, small: bool) -> Row:
    """A quantile of lognormal losses: dask's own percentile, and crick's t-digest on dask, beside the exact one."""
    rows = 10**5 if small else 10**7
    losses = da.exp(mvn_dask.MultivariateNormal([0.0], 1.0).sample(rows, seed=1, chunks=rows // 20)[:, 0])
    best = _in_turn(
        {
            "ours": lambda: mvn_dask.estimate(losses, Quantile(LEVEL)),
            "dask": lambda: da.percentile(losses, 100 * LEVEL).compute(),
        },
        1 if small else 3,
    )
    found: Any = mvn_dask.estimate(losses, Quantile(LEVEL))
    numbers = losses.compute()
    exact = np.quantile(numbers, LEVEL, method="inverted_cdf")
    assert found.value == exact
    error = np.sqrt(LEVEL * (1 - LEVEL) / rows)

    def off(value: float) -> str:
        return f"{((numbers <= value).mean() - LEVEL) / error:+.1f} standard errors"

    theirs = float(da.percentile(losses, 100 * LEVEL).compute())
    texts = [f"da.percentile {best['dask'] / best['ours']:.2g}×, off by {off(theirs)}"]
    answer = peers.ask("crick", rows=rows, level=LEVEL)
    if answer is not None:
        texts.append(f"dask and crick {answer['seconds'] / best['ours']:.2g}×, off by {answer['off']:+.1f}")
    return Row("quantile 99.9 %", 1e9 * best["ours"] / rows, "ns a row", "; ".join(texts))
