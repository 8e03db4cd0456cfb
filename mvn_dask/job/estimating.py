"""Estimates of a job's sample. Input: a job; output: the results of its tables ``[[estimate]]``.

Cost: drawing the sample once, or twice for some statistics, on the job's cluster; nothing is written. The sample is
drawn whether its store is there or not, so that the numbers are the same before, while and after the job is run.
"""

import logging
from math import prod
from typing import Any

from mvn_dask.errors import JobFileError
from mvn_dask.estimation.convergence import Convergence, converge_jointly
from mvn_dask.estimation.joint_estimates import estimate_jointly
from mvn_dask.estimation.row_source import row_source
from mvn_dask.execution.cancellation import raise_if_cancelled
from mvn_dask.execution.process_start import exit_if_main_is_imported
from mvn_dask.job.clusters import open_cluster
from mvn_dask.job.inputs.own_functions import modules_in
from mvn_dask.job.job_estimates import JobEstimates, TableEstimate
from mvn_dask.job.preparation import prepare
from mvn_dask.job.questions import questions_of
from mvn_dask.job.schema.job_spec import JobSpec
from mvn_dask.sampling.array import sample
from mvn_dask.sampling.spec import SampleSpec

PROBED_ROWS = 16
"""Rows with which functions of the user's own are called first, at most."""
PROBED_DRAWS = 2**16
"""Draws in these rows, at most, unless one row has more."""

COUNTED = ("histogram", "extremes")
"""Statistics whose results have no intervals."""

log = logging.getLogger(__name__)


def estimate(job: JobSpec, *, client: Any = None, connect_timeout: float = 30.0) -> JobEstimates:
    """The estimates that the tables of a job ask for; see `mvn_dask.Job.estimate`.

    Where the job has begun, its factor is that of the store, as for `run`.
    """
    if not job.estimates:
        raise JobFileError(
            f'{job.label}: estimate: there is no table [[estimate]], such as one with statistic = "mean"'
        )
    if client is None and job.cluster.kind in {"processes", "local"}:
        exit_if_main_is_imported()
    prepared = prepare(job)
    spec = prepared.spec
    if not spec.plan.rows:
        raise JobFileError(f"{job.place('sample.size')}: must be at least 1 for estimates, not {spec.plan.size}")
    if prepared.stored is not None and not prepared.begun:
        log.warning(f"{prepared.storage.name} is of another specification: the estimates are those of the job")
    raise_if_cancelled()
    # In pieces of which a process holds a few, whatever chunks the store has, in all arrays alike.
    source = row_source(sample(spec))
    with modules_in(job.folder):
        questions = questions_of(job, source.array, first_rows(spec))
        with open_cluster(job, client, connect_timeout=connect_timeout):
            results = estimate_jointly(questions)
    written = [table.model_dump(exclude_defaults=True) for table in job.estimates]
    estimates = [
        TableEstimate(table.title, keys, result)
        for table, keys, result in zip(job.estimates, written, results, strict=True)
    ]
    return JobEstimates(prepared.manifest.fingerprint, prepared.manifest.shape, tuple(estimates))


def converge(job: JobSpec) -> dict[str, Convergence]:
    """How the estimates of a job's tables converge, by their names, on dask's current scheduler: for its report.

    None where the store that is there is of another specification, and of tables that have no estimates with intervals.
    """
    asked = [table.statistic not in COUNTED for table in job.estimates]
    if not any(asked):
        return {}
    prepared = prepare(job)
    if not prepared.begun:
        log.warning(f"{prepared.storage.name} is of another specification: no estimates of the job are shown")
        return {}
    if not prepared.spec.plan.rows:
        return {}
    source = row_source(sample(prepared.spec))
    with modules_in(job.folder):
        questions = questions_of(job, source.array, first_rows(prepared.spec))
        shown = [question for question, each in zip(questions, asked, strict=True) if each]
        found = converge_jointly(shown)
    titles = [table.title for table, each in zip(job.estimates, asked, strict=True) if each]
    # Two tables may have one name.
    names = [title if titles.index(title) == i else f"{title} ({i})" for i, title in enumerate(titles)]
    return dict(zip(names, found, strict=True))


def first_rows(spec: SampleSpec) -> Any:
    """Some rows of a sample, shape (rows, …), which are drawn here.

    So compiled code is there as well before processes begin, which find it in numba's cache.
    """
    plan, event = spec.plan, spec.lineage.event.shape
    draws = prod(plan.size[1:])
    rows = max(1, min(PROBED_ROWS, plan.size[0], PROBED_DRAWS // draws))
    drawn = spec.broadcast.sampler.draw(plan, 0, rows * draws)
    return drawn.reshape(rows, *plan.size[1:], *event)
