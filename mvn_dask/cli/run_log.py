"""The object that ends the JSON log of a run. Input: reports of progress, an exit code; output: a record of the log."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mvn_dask.cli.exit_codes import ExitCode
from mvn_dask.readable import duration, plural

if TYPE_CHECKING:
    from mvn_dask.execution.progress import ProgressState

log = logging.getLogger(__name__)


class RunLog:
    """How much a run has drawn, and how it ended."""

    def __init__(self) -> None:
        self._begin = time.monotonic()
        self._drawn = 0

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Inside the body, chunks that are drawn are counted, as they are reported to whoever shows them."""
        from mvn_dask.execution.progress import current_callback, report_progress_to

        show = current_callback()

        def count(state: "ProgressState") -> None:
            self._drawn = state.done
            if show is not None:
                show(state)

        with report_progress_to(count):
            yield

    def finish(self, code: ExitCode) -> None:
        """Log the end of the run; ``event`` and the other fields are for programs, and text does not show them."""
        seconds = time.monotonic() - self._begin
        fields = {"event": "finished", "exit_code": int(code), "drawn": self._drawn, "seconds": round(seconds, 3)}
        message = f"finished with exit code {int(code)}: {plural(self._drawn, 'chunk')} drawn in {duration(seconds)}"
        log.info(message, extra=fields)
