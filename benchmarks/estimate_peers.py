"""One library that draws and estimates: a process that works on request and reports how long that took.

``python estimate_peers.py openturns`` reads a line of JSON and answers with one, in which ``seconds`` is the time of
all threads on a processor. It is run by the interpreter of the library's own environment, so it imports nothing of this
project's.
"""

import json
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Task = Mapping[str, Any]
Answer = dict[str, Any]


def openturns(task: Task) -> Answer:
    """Draw a sample, and take its mean, covariance and quantiles: it is kept in memory."""
    import openturns as library  # type: ignore[import-not-found]

    columns = task["columns"]
    root = np.random.default_rng(0).standard_normal((columns, columns)) / np.sqrt(columns)
    covariance = library.CovarianceMatrix((root @ root.T + 0.5 * np.eye(columns)).tolist())
    normal = library.Normal(np.linspace(-1, 1, columns).tolist(), covariance)
    normal.getSample(10)
    begin = time.process_time()
    sample = normal.getSample(task["rows"])
    found = sample.computeMean(), sample.computeCovariance(), sample.computeQuantilePerComponent(task["level"])
    seconds = time.process_time() - begin
    assert len(found[2]) == columns
    return {"seconds": seconds}


def crick(task: Task) -> Answer:
    """A t-digest for each chunk of a dask array, merged: how far its quantile is off, in standard errors."""
    import dask.array as da
    from crick import TDigest  # type: ignore[import-not-found]
    from dask.base import compute
    from dask.delayed import delayed

    rows, level = task["rows"], task["level"]
    losses = da.exp(da.random.default_rng(1).standard_normal(rows, chunks=rows // 20))

    def digest(block: Any) -> Any:
        found = TDigest()
        found.update(block)
        return found

    begin = time.process_time()
    whole = TDigest()
    for part in compute(*[delayed(digest)(block) for block in losses.to_delayed()], scheduler="threads"):
        whole.merge(part)
    value = whole.quantile(level)
    seconds = time.process_time() - begin
    share = float((losses <= value).mean().compute())
    return {"seconds": seconds, "off": (share - level) / float(np.sqrt(level * (1 - level) / rows))}


def qmcpy(task: Task) -> Answer:
    """Rows of scrambled Sobol' points, with the same covariance."""
    import qmcpy as library  # type: ignore[import-not-found]

    rows, columns = task["rows"], task["columns"]
    root = np.random.default_rng(0).standard_normal((columns, columns)) / np.sqrt(columns)
    points = library.DigitalNetB2(columns, seed=1, randomize="LMS_DS")
    measure = library.Gaussian(
        points, mean=np.linspace(-1, 1, columns), covariance=root @ root.T + 0.5 * np.eye(columns)
    )
    measure(16)
    begin = time.process_time()
    found = measure(rows)
    seconds = time.process_time() - begin
    assert found.shape == (rows, columns)
    return {"seconds": seconds}


PEERS: dict[str, Callable[[Task], Answer]] = {"openturns": openturns, "crick": crick, "qmcpy": qmcpy}

if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(PEERS[sys.argv[1]](json.loads(line))), flush=True)
