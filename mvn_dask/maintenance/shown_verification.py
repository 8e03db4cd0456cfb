"""How verifications show themselves: a line, some lines, and a table of what is wrong.

Input: what was found. Output: text and HTML, of bounded size. Cost: that of what is listed.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Literal

from mvn_dask.display.document import Shown
from mvn_dask.display.fragments import badge, facts, listing, meter, note
from mvn_dask.display.markup import Content, Html, joined
from mvn_dask.display.one_line import OneLine
from mvn_dask.escaping import printable_lines
from mvn_dask.readable import plural
from mvn_dask.store.format.layout import Index

Level = Literal["size", "checksum", "values"]

MAX_LINES = 20
"""Lines that the text of a verification has for chunks, files and unknown files, each."""


class ShownVerification(OneLine, Shown):
    """What was found in a store."""

    url: str
    level: Level
    chunks: int
    rows_compared: int
    rows: int
    bad: Mapping[Index, str]
    faults: Mapping[str, str]
    unknown_files: tuple[str, ...]
    members: tuple[str, ...]
    guarantee: str

    @property
    def ok(self) -> bool:
        """Whether the store is exactly what its manifest says, and no unknown file lies in it."""
        return not (self.bad or self.faults or self.unknown_files)

    def _essentials(self) -> Mapping[str, object]:
        names = ("url", "level", "ok", "chunks", "bad", "faults", "unknown_files")
        return {name: getattr(self, name) for name in names}

    def __str__(self) -> str:
        lines = [
            f"{self.url}: {'ok' if self.ok else 'NOT ok'} (level {self.level!r})",
            f"chunks: {self.chunks - len(self.bad)} of {self.chunks} good",
        ]
        if self.level == "values":
            lines.append(compared_rows(self.rows_compared, self.rows))
        lines += _first_lines(len(self.bad), (f"  chunk {index}: {why}" for index, why in self.bad.items()))
        lines += _first_lines(len(self.faults), (f"  {key}: {why}" for key, why in self.faults.items()))
        foreign = (f"  {key}: does not belong to the store" for key in self.unknown_files)
        lines += _first_lines(len(self.unknown_files), foreign)
        lines += _first_lines(len(self.members), (f"  {path}: added by others, not looked at" for path in self.members))
        return printable_lines([*lines, *([self.guarantee] if self.guarantee else [])])

    def _summary(self) -> Content:
        return joined([badge("ok", "ok") if self.ok else badge("NOT ok", "bad"), " ", self.url])

    def _shown(self) -> Iterator[Html]:
        good = self.chunks - len(self.bad)
        share = good / self.chunks if self.chunks else 1.0
        yield meter(share, f"good: {good:,} of {plural(self.chunks, 'chunk', ',')}", grade="bad" if self.bad else "ok")
        rows = {"rows": compared_rows(self.rows_compared, self.rows).removeprefix("rows: ")}
        yield facts({
            "chunks": f"{good:,} of {self.chunks:,} good",
            **(rows if self.level == "values" else {}),
            "level": self.level,
        })  # fmt: skip
        bad = ((str(index), why) for index, why in self.bad.items())
        yield from listing("Bad chunks", ["chunk", "what is wrong"], len(self.bad), bad)
        yield from listing("Other faults", ["file", "what is wrong"], len(self.faults), self.faults.items())
        foreign = ((path,) for path in self.unknown_files)
        yield from listing("Files that do not belong to the store", ["file"], len(self.unknown_files), foreign)
        added = ((path,) for path in self.members)
        yield from listing("Added by others, not looked at", ["group or array"], len(self.members), added)
        if self.guarantee:
            yield note(self.guarantee)


def compared_rows(compared: int, rows: int) -> str:
    """How many rows were compared, in words."""
    share = f" ({compared / rows:.2%})" if rows else ""
    return f"rows: {compared} of {rows}{share} drawn again and compared; all numbers looked at for NaN and infinities"


def _first_lines(count: int, lines: Iterable[str]) -> list[str]:
    first = list(islice(lines, MAX_LINES))
    return first if count <= MAX_LINES else [*first, f"  … and {count - MAX_LINES} more"]
