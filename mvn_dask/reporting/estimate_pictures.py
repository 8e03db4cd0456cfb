"""Pictures of how estimates converge, such as those that a job asks for.

Input: convergences by their names. Output: captions, pictures and plain numbers. Cost: about 2 kB a picture.
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any, NamedTuple

import numpy as np
from markupsafe import Markup

from mvn_dask.estimation.convergence import Convergence, Series
from mvn_dask.reporting.figures.convergence_picture import convergence_picture
from mvn_dask.statistics.level_estimate import LevelEstimate
from mvn_dask.statistics.results import Estimate, Result

MOST_NUMBERS = 4
"""Numbers of an estimate of several that are shown."""
MOST_PICTURES = 64
"""Pictures of a page, at most."""


class NamedSeries(NamedTuple):
    """A number that is estimated, as rows are added."""

    name: str
    """What it is."""
    series: Series
    """Arrays of shape (m,)."""


def named_series(convergences: Mapping[str, Convergence]) -> Iterator[NamedSeries]:
    """All numbers that have an interval; of an estimate of several, the first ones."""
    for name, found in convergences.items():
        for path, estimate in _estimates(found.results[-1]):
            rows, *bounds = found.series(*path)
            flat = [each.reshape(len(rows), -1) for each in bounds]
            for number, label in enumerate(_labels(estimate)[:MOST_NUMBERS]):
                parts = [name, *path, *([label] if label else [])]
                yield NamedSeries(", ".join(parts), Series(rows, *(each[:, number] for each in flat)))


def estimate_pictures(convergences: Mapping[str, Convergence]) -> list[tuple[str, Markup]]:
    """Captions, and those pictures that have something to show."""
    pictures: list[tuple[str, Markup]] = []
    for number, (name, series) in enumerate(named_series(convergences)):
        picture = convergence_picture(series, name=f"estimate-{number}", what=name)
        if picture is not None and len(pictures) < MOST_PICTURES:
            pictures.append((name, picture))
    return pictures


def plain_series(convergences: Mapping[str, Convergence]) -> list[dict[str, Any]]:
    """The numbers, JSON-able; None where one is not finite."""
    return [
        {"name": name, "rows": series.rows.tolist()}
        | {
            key: [value if np.isfinite(value) else None for value in values.tolist()]
            for key, values in zip(("value", "low", "high"), series[1:], strict=True)
        }
        for name, series in named_series(convergences)
    ]


def _estimates(result: Any) -> list[tuple[tuple[str, ...], Estimate]]:
    """Estimates in a result, and the names that lead to them."""
    if isinstance(result, Estimate):
        return [((), result)]
    if not isinstance(result, Result):
        return []
    parts = [(each.name, getattr(result, each.name)) for each in fields(result)]  # type: ignore[arg-type]
    return [((name,), each) for name, each in parts if isinstance(each, Estimate)]


def _labels(estimate: Estimate) -> list[str]:
    """What tells the numbers of an estimate from one another; an empty text for a single one."""
    shape = np.shape(estimate.value)
    levels = estimate.levels if isinstance(estimate, LevelEstimate) and isinstance(estimate.levels, tuple) else ()
    labels = []
    for place in np.ndindex(*shape):
        steps = list(place)
        texts = [f"{levels[steps.pop(0)]:g}"] if levels else []
        texts += [str(step) if estimate.columns is None else estimate.columns[step] for step in steps]
        labels.append(", ".join(texts))
    return labels
