"""How covariances and factors show themselves: what they are made of, and correlations of a few variables.

Input: a structure. Output: one line of text, and HTML of bounded size. Cost: at most some milliseconds, whatever its
dimension: nothing is factorised, and no matrix of d × d numbers is built.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import Float64Array
from mvn_dask.display.correlation_view import PICTURED, WRITTEN, correlation_view, partial_correlation_view
from mvn_dask.display.document import Shown
from mvn_dask.display.fragments import facts, note, section
from mvn_dask.display.markup import Html
from mvn_dask.display.previews import LISTED_FIRST, names_arguments, preview
from mvn_dask.event import Event
from mvn_dask.readable import number, plural, readable_bytes

Indices = npt.NDArray[np.integer[Any]]
"""Numbers of variables."""
CHEAP_FLOPS = 2e6
"""Additions and multiplications that a display may take, about: milliseconds."""
SHOWN_MEMBERS = 6
"""Structures inside of one that are shown, at most."""


class ShownFactor(Shown):
    """A factor that says what it is."""

    @property
    @abstractmethod
    def ndim(self) -> int:
        """Dimension d of a row."""

    @property
    @abstractmethod
    def noise_ndim(self) -> int:
        """Number k of independent normals behind a row."""

    @property
    @abstractmethod
    def flops(self) -> int:
        """Additions and multiplications that a row takes."""

    @property
    @abstractmethod
    def nbytes(self) -> int:
        """Memory of the factor, in bytes."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(ndim={self.ndim}, noise_ndim={self.noise_ndim})"

    def _summary(self) -> str:
        return plural(self.ndim, "variable", ",")

    def _shown(self) -> Iterator[Html]:
        yield facts(self._facts())

    def _facts(self) -> dict[str, str]:
        """What it takes."""
        return {
            "normals a row": f"{self.noise_ndim:,}",
            "flops a row": f"{self.flops:,}",
            "memory": readable_bytes(self.nbytes),
        }


class ShownCovariance(Shown):
    """A covariance that says what it is; subclasses add what is their own."""

    names: tuple[str, ...] | None
    """Names of the d variables, if it was given any."""

    @property
    @abstractmethod
    def ndim(self) -> int:
        """Dimension d."""

    @property
    @abstractmethod
    def event(self) -> Event:
        """Shape of a draw, and labels along its axes."""

    def _arguments(self) -> list[str]:
        """What stands in its `repr`, but for names."""
        return [f"ndim={self.ndim}"]

    def _facts(self) -> dict[str, str]:
        """What it is made of, by what it is called."""
        return {}

    def _inner(self) -> Sequence[tuple[str, "ShownCovariance"]]:
        """Structures that it is made of, by what they are called."""
        return ()

    def _entries(self, places: Indices) -> Float64Array | None:  # noqa: ARG002 subclasses that know them use it
        """Covariances of some variables with each other, shape (m, m); None where that takes a factor, or long."""
        return None

    def _known_entries(self, places: Indices) -> Float64Array | None:
        """The same; by the factor where there is one already, and it takes no longer."""
        found = self._entries(places)
        factor = self.__dict__.get("_factor")
        if found is None and factor is not None and len(places) * factor.flops <= CHEAP_FLOPS:
            return np.asarray(factor.covariance_of(places.tolist(), places.tolist()))
        return found

    def _text(self) -> str:
        """Its `repr` without names, for a `repr` that has them already."""
        return f"{type(self).__name__}({', '.join(self._arguments())})"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join([*self._arguments(), *names_arguments(self.names)])})"

    def _summary(self) -> str:
        return plural(self.ndim, "variable", ",")

    def _shown(self) -> Iterator[Html]:
        names = {} if self.names is None else {"names": preview(self.names, "name")}
        yield facts(names | self._scales())
        yield self._picture(self.event)
        yield from self._structure()

    def _scales(self) -> dict[str, str]:
        """Standard deviations of the first variables, where they cost nothing."""
        part = self._known_entries(np.arange(min(self.ndim, LISTED_FIRST)))
        if part is None:
            return {}
        texts = [number(value) for value in np.sqrt(np.diagonal(part)).tolist()]
        return {"standard deviations": ", ".join(texts) + (", …" if len(texts) < self.ndim else "")}

    def _structure(self) -> Iterator[Html]:
        """What it is made of."""
        yield facts({**self._facts(), "factor": self._factor_text()})
        inner = self._inner()
        for title, member in inner[:SHOWN_MEMBERS]:
            yield section(title, member._shown(), member._text())
        if len(inner) > SHOWN_MEMBERS:
            yield note(f"and {plural(len(inner) - SHOWN_MEMBERS, 'structure', ',')} more")

    def _factor_text(self) -> str:
        factor = self.__dict__.get("_factor")
        if factor is None:
            return "made when it is needed first"
        return f"{type(factor).__name__}, {readable_bytes(factor.nbytes)}"

    def _picture(self, event: Event) -> Html:
        """Correlations of the first variables, where they cost nothing, with the labels of an event."""
        return _picture_of_first(self, event, correlation_view)


class ShownMatrix(ShownCovariance):
    """A covariance of which every entry is there."""

    matrix: Float64Array
    """The matrix, shape (d, d)."""

    def _facts(self) -> dict[str, str]:
        return {"memory": readable_bytes(self.matrix.nbytes)}

    def _entries(self, places: Indices) -> Float64Array:
        return np.asarray(self.matrix[np.ix_(places, places)])


def partial_picture(precision: ShownCovariance, event: Event) -> Html:
    """Correlations of the first variables with each other, given all others, from their precision."""
    return _picture_of_first(precision, event, partial_correlation_view)


def _picture_of_first(
    structure: ShownCovariance, event: Event, view: Callable[[Float64Array, Sequence[str], int], Html]
) -> Html:
    """A view of the entries of the first variables, where they cost nothing, with the labels of an event."""
    places = np.arange(min(structure.ndim, PICTURED))
    part = structure._known_entries(places)
    return Html("") if part is None else view(part, short_labels(event, places), structure.ndim)


def short_labels(event: Event, places: Indices) -> list[str]:
    """What to call variables in a picture; numbers where they are many, which are not written."""
    if len(places) > WRITTEN:
        return []
    if len(event.shape) > 1:
        return [", ".join(map(str, np.unravel_index(place, event.shape))) for place in places.tolist()]
    return [event.label(place) or str(place) for place in places.tolist()]
