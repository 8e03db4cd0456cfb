"""A watch in a terminal: a few lines that are drawn over with each look.

Input: each status of a store that is watched. Output: its lines on standard output, which are erased at the end. Cost:
rich, which is imported for it.
"""

import sys
import time
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mvn_dask.cli.part_lines import age_text, part_lines, parts_text
from mvn_dask.cli.status_lines import details
from mvn_dask.escaping import printable
from mvn_dask.readable import plural
from mvn_dask.store.part_progress import ACTIVE_SECONDS

if TYPE_CHECKING:
    from mvn_dask.store.status import Status

BAR_COLUMNS = 40
"""Width of the bar, at most."""
MARGIN_LINES = 5
"""Lines of a terminal that are left to notes, to what is waited for, and to the line of the command."""


class LiveView(AbstractContextManager["LiveView"]):
    """Draws the last status in place of the one before. What others write meanwhile stands above it."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.live import Live

        self._console = Console(highlight=False)
        # Drawn by this thread alone: a signal ends a watch by an exception, at whatever instruction.
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._status: Status | None = None
        self._replaced = self._others = False

    def __enter__(self) -> "LiveView":
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show(self, status: "Status") -> None:
        """Draw a status."""
        before = self._status
        if before is not None and before.fingerprint != status.fingerprint:
            self._replaced, before = True, None
        if before is not None and before.writers == status.writers == 0 and status.done > before.done:
            self._others = True
        elif status.writers or not _is_recent(status, time.time()):
            self._others = False
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
        lines = [name, bar, Text(", ".join([rows, *details(status)])), Text(", ".join(self._activity(status)))]
        if status.parts:
            now, room = time.time(), self._console.height - len(lines) - MARGIN_LINES
            texts = [parts_text(status, now), *part_lines(status, now, max(1, room))]
            lines += [Text(text, no_wrap=True, overflow="ellipsis") for text in texts]
        return lines

    def _activity(self, status: "Status") -> list[str]:
        written = status.last_written
        found = ["no chunk yet" if written is None else f"last chunk {age_text(written, time.time())}"]
        if status.writers:
            found.insert(0, f"{status.writers_text} at work")
        elif status.writers == 0:
            # Chunks came while nobody was here: on a disk that machines share, those of another.
            found.insert(0, "at work elsewhere" if self._others else "nobody at work here")
        return found


def _is_recent(status: "Status", now: float) -> bool:
    return status.last_written is not None and now - status.last_written < ACTIVE_SECONDS


def can_draw() -> bool:
    """Whether standard output is a terminal in which lines can be drawn over."""
    if not sys.stdout.isatty():
        return False
    from rich.console import Console

    return not Console().is_dumb_terminal
