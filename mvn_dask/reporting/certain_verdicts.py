"""Verdicts of checks that no sound sample fails, and that chance therefore takes no part in.

Input: estimates, or fingerprints of chunks. Output: verdicts without tests. Cost: a look at counts.
"""

import numpy as np

from mvn_dask.readable import plural
from mvn_dask.reporting.estimates import Estimates
from mvn_dask.reporting.number_format import number
from mvn_dask.reporting.verdict import Verdict
from mvn_dask.statistics.repeats import Repeated
from mvn_dask.store.format.layout import chunk_count, chunk_index
from mvn_dask.store.format.manifest import Manifest

NAMED_REPEATS = 3
"""Pairs of equal chunks that are named."""


def numbers_verdict(estimates: Estimates) -> Verdict:
    """Whether all are numbers, and those without variance their mean, as in every sound sample."""
    measured, name = estimates.measured, estimates.name
    faults: list[str] = []
    columns: list[int] = []
    if measured.nonfinite:
        segment, column = divmod(int(np.argmax(measured.nonfinite_counts)), measured.nonfinite_counts.shape[1])
        bad = int(np.count_nonzero(measured.nonfinite_counts.any(axis=0)))
        rows, most = estimates.selection.row_range(segment), int(measured.nonfinite_counts[segment, column])
        where = f"{name(column)} in {rows}"
        if most < measured.nonfinite:
            where = f"{plural(bad, 'variable', ',')}, {most:,} of these of {where}"
        faults.append(f"{plural(measured.nonfinite, 'number', ',')} infinite or NaN, of {where}")
        columns.append(column)
    if measured.off_constant:
        column = int(np.argmax(measured.off_constant_counts))
        count = plural(measured.off_constant, "number", ",")
        faults.append(f"{count} of variables without variance not at the mean, such as of {name(column)}")
        columns.append(column)
    text = "; ".join(faults) or "every one is finite, and those of variables without variance are their mean"
    named = tuple(estimates.selection.columns[columns].tolist())
    return Verdict("numbers", "Numbers", not faults, 0, float(not faults), text, variables=named)


def chunks_verdict(manifest: Manifest, found: Repeated) -> Verdict:
    """Whether chunks begin with the same numbers, as in no sound sample."""
    distinct, repeated = found
    chunks = chunk_count(manifest)
    text = f"no two of {plural(distinct, 'chunk', ',')} are equal" if chunks > 1 else "there are no two"
    if chunks > 1 and distinct < chunks:
        text += f"; of {chunks:,}, the others were not compared, or hold too few different numbers"
    if repeated:
        shown = [[chunk_index(manifest, row) for row in rows] for _, *rows in repeated[:NAMED_REPEATS]]
        pairs = ", ".join(f"{first} and {last}" for first, last in shown)
        more = sum(count - 1 for count, _, _ in repeated)
        text = f"those that repeat others: {more:,} of {chunks:,}, such as {pairs}"
    return Verdict("chunks", "Chunks", ok=not repeated, tests=0, p_value=float(not repeated), text=text)


def factor_verdict(estimates: Estimates) -> Verdict:
    """Whether the factor has the variances that were asked for."""
    found = estimates.reference.diagnostics
    grade = found.grade(estimates.selection.rows)
    text = str(found)
    if found.condition_number is not None and found.smallest_eigenvalue is not None:
        text += f"; condition number {number(found.condition_number)}, of the correlations that are drawn"
    ok, warning = grade != "NOT ok", grade == "warning"
    return Verdict("factor", "Variances of the factor", ok, 0, float(ok), text, warning=warning)
