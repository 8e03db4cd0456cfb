"""A watch in a terminal: a few lines that are drawn over with each look.

Input: each status of a store that is watched. Output: its lines on standard output, which are erased at the end. Cost:
rich, which is imported for it.
"""

import sys
import time
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mvn_dask.cli.status_lines import details
from mvn_dask.escaping import printable
from mvn_dask.readable import duration, plural

if TYPE_CHECKING:
    from mvn_dask.store.status import Status

BAR_COLUMNS = 40
"""Width of the bar, at most."""


class LiveView(AbstractContextManager["LiveView"]):
    """Draws the last status in place of the one before. What others write meanwhile stands above it."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.live import Live

        self._console = Console(highlight=False)
        # Drawn by this thread alone: a signal ends a watch by an exception, at whatever instruction.
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._status: Status | None = None
        self._replaced = False

    def __enter__(self) -> "LiveView":
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show(self, status: "Status") -> None:
        """Draw a status."""
        self._replaced |= self._status is not None and self._status.fingerprint != status.fingerprint
        self._status = status
        self._draw(["it was replaced: this is the store of another sample"] if self._replaced else [])

    def wait(self, reason: str) -> None:
        """Draw the last status, and what is waited for."""
        self._draw([reason])

    def has_shown(self, status: "Status") -> bool:
        """Never for good: what was drawn is erased at the end."""
        del status
        return False

    def _draw(self, notes: list[str]) -> None:
        from rich.console import Group
        from rich.text import Text

        lines: list[Any] = [] if self._status is None else self._lines(self._status)
        lines += [Text(printable(note), style="yellow") for note in notes]
        lines.append(Text(f"looked at {datetime.now().astimezone():%H:%M:%S}; Ctrl-C ends it", style="dim"))
        self._live.update(Group(*lines), refresh=True)

    def _lines(self, status: "Status") -> list[Any]:
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        total = status.done + status.missing
        part = "" if status.part is None else f", part {status.part[0]}/{status.part[1]}"
        bar = Table.grid(padding=(0, 1))
        counts = f"{status.done / max(1, total):.1%}  {status.done} of {plural(total, 'chunk')}"
        width = max(1, min(BAR_COLUMNS, self._console.width - len(counts) - 2))
        bar.add_row(ProgressBar(max(1, total), status.done, width=width), Text(counts, no_wrap=True))
        name = Text(f"{printable(status.url)}{part}", style="bold", no_wrap=True, overflow="ellipsis")
        rows = f"{status.done_rows:,} of {plural(status.rows, 'row', ',')}"
        return [name, bar, Text(", ".join([rows, *details(status)])), Text(", ".join(self._activity(status)))]

    def _activity(self, status: "Status") -> list[str]:
        parts = ["no chunk yet"]
        if status.last_written is not None:
            # The clock of the storage may be ahead.
            parts = [f"last chunk {duration(round(max(0.0, time.time() - status.last_written)))} ago"]
        if status.writers is not None:
            parts.insert(0, f"{status.writers_text} at work" if status.writers else "nobody at work here")
        return parts


def can_draw() -> bool:
    """Whether standard output is a terminal in which lines can be drawn over."""
    if not sys.stdout.isatty():
        return False
    from rich.console import Console

    return not Console().is_dumb_terminal
