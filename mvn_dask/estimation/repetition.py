"""Errors of estimates from repetitions: consecutive batches of rows, or independent scrambles of the points.

Input: results of every repetition. Output: results with an error by Student's t. Cost: none beyond the repetitions.

References
----------
G. S. Fishman, Monte Carlo: Concepts, Algorithms and Applications, 1996, section 6.6 (batch means); A. B. Owen,
Practical Quasi-Monte Carlo Integration, 2023, chapter 17, https://artowen.su.domains/mc/practicalqmc.pdf (replicates).
"""

from collections.abc import Sequence
from dataclasses import fields, replace
from itertools import pairwise
from typing import Any

import dask.array as da
import numpy as np
from dask.highlevelgraph import HighLevelGraph, MaterializedLayer

from mvn_dask.errors import ArgumentError
from mvn_dask.readable import plural
from mvn_dask.sampling.spec import SampleSpec
from mvn_dask.statistics.intervals import student_interval
from mvn_dask.statistics.missing_values import Counted
from mvn_dask.statistics.results import Estimate, Result
from mvn_dask.statistics.weighted_mean import few_terms


def batch_bounds(rows: int, batches: int) -> list[tuple[int, int]]:
    """First row, and row after the last, of consecutive batches, whose lengths differ by one row at most.

    >>> batch_bounds(10, 3)
    [(0, 3), (3, 6), (6, 10)]
    """
    if rows < 2 * batches:
        raise ArgumentError(
            f"`batches` must leave each two rows: {plural(rows, 'row')} make at most {rows // 2} batches, not {batches}"
        )
    edges = [rows * number // batches for number in range(batches + 1)]
    return list(pairwise(edges))


def over_batches(whole: Counted, batches: Sequence[Counted], level: float) -> Counted:
    """Results of all rows, with errors from those of the batches."""
    method = f"Student's t of {len(batches)} batches of consecutive rows"
    each = zip(*(batch.inner for batch in batches), strict=True)
    inner = tuple(_with_error(one, parts, level, method) for one, parts in zip(whole.inner, each, strict=True))
    return Counted(whole.omitted, inner)


def over_replicates(runs: Sequence[Counted], level: float) -> Counted:
    """Means of the results of every scramble, with errors from their spread."""
    method = f"Student's t of {len(runs)} independent scrambles"
    each = zip(*(run.inner for run in runs), strict=True)
    inner = tuple(_with_error(_mean(parts), parts, level, method) for parts in each)
    return Counted(np.sum([run.omitted for run in runs], axis=0), inner)


def _mean(parts: Sequence[Any]) -> Any:
    """The mean of results, estimate by estimate, and of plain numbers."""
    first = parts[0]
    if isinstance(first, Estimate):
        count = sum(np.asarray(part.count) for part in parts)
        sizes = [part.effective_sample_size for part in parts]
        size = None if first.effective_sample_size is None else sum(map(np.asarray, sizes))
        value = np.mean([part.value for part in parts], axis=0)
        return replace(first, value=value, count=count, effective_sample_size=size)
    if isinstance(first, Result):
        return _by_fields(first, lambda name: _mean([getattr(part, name) for part in parts]))
    return np.mean([np.asarray(part, np.float64) for part in parts], axis=0)


def _with_error(whole: Any, parts: Sequence[Any], level: float, method: str) -> Any:
    """A result with the error of its repetitions; plain numbers become estimates."""
    if isinstance(whole, Result) and not isinstance(whole, Estimate):
        if not _estimates(whole):
            raise ArgumentError(
                f"{type(whole).__name__} has no error to take from repetitions: leave `batches` and `replicates` out"
            )
        return _by_fields(whole, lambda name: _with_error(
            getattr(whole, name), [getattr(part, name) for part in parts], level, method
        ))  # fmt: skip
    numbers = np.array([part.value if isinstance(part, Estimate) else np.asarray(part, np.float64) for part in parts])
    error = np.std(numbers, axis=0, ddof=1) / np.sqrt(len(numbers))
    value = np.asarray(whole.value if isinstance(whole, Estimate) else whole, np.float64)
    interval = student_interval(value, error, len(numbers) - 1, level)
    if not isinstance(whole, Estimate):
        return Estimate(value, error, interval, 0, method)
    # What misleads of one interval does not of theirs; few terms with all the weight do.
    warning = few_terms(whole.effective_sample_size)
    return replace(
        whole, value=value, standard_error=error, confidence_interval=interval, method=method, warning=warning
    )


def _estimates(result: Result) -> list[str]:
    return [each.name for each in fields(result) if isinstance(getattr(result, each.name), Result)]  # type: ignore[arg-type]


def _by_fields(result: Result, part: Any) -> Result:
    return replace(result, **{name: part(name) for name in _estimates(result)})  # type: ignore[type-var]


def replicate(array: da.Array, number: int) -> da.Array:
    """The same computation of samples that have another scramble.

    Raises ArgumentError if the array comes from no sample, or from one without such points.
    """
    layers, found = dict(array.dask.layers), 0
    for name, layer in array.dask.layers.items():
        mapping = getattr(layer, "mapping", None)
        if mapping is None:
            continue
        replaced = {key: _replaced(node, number) for key, node in mapping.items()}
        changed = [key for key, node in replaced.items() if node is not mapping[key]]
        if changed:
            found += len(changed)
            layers[name] = MaterializedLayer(replaced)
    if not found:
        raise ArgumentError('`replicates` are of samples with points="sobol", and the array comes from none of these')
    graph = HighLevelGraph(layers, array.dask.dependencies)
    return da.Array(graph, array.name, array.chunks, meta=array._meta)


def _replaced(node: Any, number: int) -> Any:
    spec = getattr(node, "value", node)
    if not isinstance(spec, SampleSpec):
        return node
    from dask._task_spec import DataNode

    other = spec.with_replicate(number)
    return DataNode(node.key, other) if isinstance(node, DataNode) else other
