"""Rows until an estimate is as precise as is asked for.

Input: a distribution, a function of its rows, a statistic, and a goal. Output: an estimate of enough rows. Cost: that
of the rows, each drawn once, but for up to a leaf a round.
"""

from collections.abc import Mapping
from typing import Any

from mvn_dask import checks
from mvn_dask.distribution.base import Distribution
from mvn_dask.errors import ArgumentError
from mvn_dask.estimation.kept_state import state_file
from mvn_dask.estimation.row_function import Function
from mvn_dask.estimation.sequential_run import PILOT_ROWS, Goal, SequentialEstimate, SequentialRun
from mvn_dask.execution.client import current_client
from mvn_dask.random.streams import SeedLike
from mvn_dask.signatures import short_signature
from mvn_dask.statistics.base import Request

MAX_ROWS = 10**9
"""Rows that are drawn at most, by default."""


@short_signature
def estimate_until(
    distribution: Distribution,
    function: Function | None,
    statistic: Request[Any],
    *,
    rtol: float | None = None,
    atol: float | None = None,
    confidence_level: float = 0.95,
    max_rows: int = MAX_ROWS,
    seed: SeedLike,
    state: Any = None,
    storage_options: Mapping[str, Any] | None = None,
) -> SequentialEstimate:
    """Draw rows until the half-width of an estimate's confidence interval is below a tolerance.

    Parameters
    ----------
    distribution : Distribution
        What rows are drawn from: those of ``distribution.sample(n, seed=seed)``.
    function : callable or None
        From rows, shape (n, d), to what is estimated, shape (n,) or (n, columns): elementwise along the rows. None
        stands for the rows themselves. It is pickled; with `state` it must be a function of a module.
    statistic : Statistic
        One that gives one `Estimate` in one pass, such as ``Mean()`` or ``Probability(event)``.
    rtol, atol : float, optional
        The half-width is to be at most ``max(atol, rtol * |value|)``, of every column; one of them is needed.
    confidence_level : float
        Probability with which the interval is to hold the true value.
    max_rows : int
        Rows that are drawn at most, at least 1,000.
    seed : None, int, sequence of int, SeedSequence, BitGenerator or numpy.random.Generator
        As for `Distribution.sample`.
    state : path or URL, optional
        File that keeps what was computed, after every round; a call that finds it goes on from there, and a call with a
        stricter tolerance draws only what is missing, with the bits that `estimate` gives of as many rows.
    storage_options : mapping, optional
        As for `mvn_dask.to_zarr`.

    Returns
    -------
    SequentialEstimate
        With ``value``, ``standard_error``, ``confidence_interval``, ``count``, ``stopped_by`` and ``rounds``.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        For arguments that make no sense, and a function that gives NaN or another number of rows.
    SpecMismatchError
        If `state` was begun with another seed, distribution, function or statistic.
    DamagedStateError
        If `state` is no such file.

    See Also
    --------
    mvn_dask.estimate : The same of a fixed number of rows.
    mvn_dask.statistics : What can be estimated.

    Notes
    -----
    The first round has 1,000 rows. From n rows with a half-width h, the next round goes to 1.02 n (h / goal)² rows, or
    the nearest of 1.1 n and 4 n. Few rounds, each as long as its predecessor says, keep the coverage near that of a
    fixed number of rows. A relative tolerance of a probability is believed from 30 events on.

    References
    ----------
    Y. S. Chow and H. Robbins, On the asymptotic theory of fixed-width sequential confidence intervals for the mean,
    Annals of Mathematical Statistics 36 (1965) 457, doi:10.1214/aoms/1177700156; P. W. Glynn and W. Whitt, The
    asymptotic validity of sequential stopping rules for stochastic simulations, Annals of Applied Probability 2 (1992)
    180, doi:10.1214/aoap/1177005777.

    Examples
    --------
    >>> import mvn_dask
    >>> from mvn_dask.statistics import Mean
    >>> normal = mvn_dask.MultivariateNormal([0.0, 0.0], [[1.0, 0.5], [0.5, 1.0]])
    >>> found = mvn_dask.estimate_until(normal, lambda x: x.max(axis=1), Mean(), atol=0.01, seed=1)
    >>> round(found.value, 2), found.stopped_by, found.count
    (0.4, 'goal', 33106)
    """
    goal = Goal(rtol, atol)
    level = checks.share("confidence_level", confidence_level)
    most = checks.count("max_rows", max_rows)
    if most < PILOT_ROWS:
        raise ArgumentError(f"`max_rows` must be at least {PILOT_ROWS}, the rows of the first round: it is {most}")
    current_client()
    run = SequentialRun.begin(distribution, function, statistic, most, seed, level)
    file = None if state is None else state_file(state, storage_options, run.identity(statistic))
    return run.until(goal, most, file)
