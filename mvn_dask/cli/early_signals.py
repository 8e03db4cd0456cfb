"""Signals before a command has installed its own handling: they end the process at once with a line and code 75.

Imports ``os``, ``signal`` and ``time`` only, since a signal may come while the rest is imported.
"""

import os
import signal
import time

from mvn_dask.job.signal_masking import SIGNALS

EXIT_CODE = 75
"""`mvn_dask.cli.exit_codes.ExitCode.STOPPED`, whose import takes longer."""


def exit_on_signals(*, json_log: bool) -> None:
    """From now on a signal that requests a stop ends the process at once, with a line of text or JSON."""

    def leave(number: int, _: object) -> None:
        message = f"{signal.Signals(number).name}: stopped"
        line = f"mvn-dask: error: {message}\n"
        if json_log:  # by hand: json is not imported yet
            now = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
            line = f'{{"time": "{now}", "level": "error", "message": "{message}", "exit_code": {EXIT_CODE}}}\n'
        try:
            os.write(2, line.encode())  # not by sys.stderr, which may be in the middle of a line
        finally:
            os._exit(EXIT_CODE)

    for each in SIGNALS:
        signal.signal(each, leave)


def json_log_requested(arguments: list[str]) -> bool:
    """Whether arguments hold ``--log-format json``, however wrong the others may be."""
    follows = any(pair == ("--log-format", "json") for pair in zip(arguments, arguments[1:], strict=False))  # noqa: RUF007 itertools costs time
    return follows or "--log-format=json" in arguments
