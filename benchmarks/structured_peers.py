"""One thread, one library of a field: a process that works on request and reports how long that took.

``python structured_peers.py gstools`` reads lines of JSON and answers each with one, in which ``seconds`` is the time
of what was asked for
on a processor. It is run by the interpreter of the library's own environment, so it imports nothing of this
project's.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    # Before numpy is imported.
    os.environ[_name] = "1"

import numpy as np  # noqa: E402

Task = Mapping[str, Any]
Answer = dict[str, Any]


def _timed(action: Callable[[], Any]) -> tuple[float, Any]:
    begin = time.process_time()
    found = action()
    return time.process_time() - begin, found


def gstools(task: Task) -> Answer:
    """Fields of side × side points with the covariance exp(-h / length), by GSTools' defaults: 1000 random modes."""
    import gstools as library  # type: ignore[import-not-found]

    axis = np.arange(float(task["side"]))
    field = library.SRF(library.Exponential(dim=2, var=1.0, len_scale=task["length"]))
    seconds, found = _timed(lambda: [field.structured([axis, axis], seed=seed) for seed in range(task["rows"])])
    assert found[0].shape == (task["side"], task["side"])
    return {"seconds": seconds}


def sksparse_minimal(task: Task) -> Answer:
    """Rows whose precision is that of a grid of side × side points, by CHOLMOD: x = Pᵀ L⁻ᵀ z."""
    import scipy.sparse
    from sksparse_minimal import SparseCholesky  # type: ignore[import-not-found]

    side = task["side"]
    line = scipy.sparse.diags([-1.0, 2.0, -1.0], [-1, 0, 1], shape=(side, side))
    precision = scipy.sparse.csc_matrix(scipy.sparse.kronsum(line, line) + task["shift"] * scipy.sparse.eye(side**2))
    factor_seconds, solver = _timed(lambda: SparseCholesky(precision))
    generator = np.random.Generator(np.random.SFC64(1))

    def draw() -> Any:
        normals = generator.standard_normal((side**2, task["rows"]))
        return solver.apply_Pt(solver.solve_Lt(normals, use_LDLt_decomposition=False))

    draw()
    seconds, _ = _timed(draw)
    return {"seconds": seconds, "factor": factor_seconds}


def pymetis(task: Task) -> Answer:
    """METIS's nested dissection of a graph in a file, whose permutation is written to another."""
    import pymetis as library

    with np.load(task["graph"]) as graph:
        starts, rows = graph["starts"], graph["rows"]
    seconds, (permutation, _) = _timed(lambda: library.nested_dissection(xadj=starts, adjncy=rows))
    np.save(task["permutation"], np.asarray(permutation, np.int64))
    return {"seconds": seconds}


def statsmodels(task: Task) -> Answer:
    """The correlation matrix next to one in a file, by statsmodels' alternating projections."""
    from statsmodels.stats.correlation_tools import corr_nearest  # type: ignore[import-not-found]

    matrix = np.load(task["matrix"])
    seconds, found = _timed(lambda: corr_nearest(matrix))
    return {"seconds": seconds, "distance": float(np.linalg.norm(found - matrix))}


PEERS: dict[str, Callable[[Task], Answer]] = {
    "gstools": gstools, "sksparse_minimal": sksparse_minimal, "pymetis": pymetis, "statsmodels": statsmodels,
}  # fmt: skip


def main() -> None:
    work = PEERS[sys.argv[1]]
    answers = sys.stdout
    # Libraries that say something must not say it in between.
    sys.stdout = sys.stderr
    for line in sys.stdin:
        print(json.dumps(work(json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
