"""Signals before a command has installed its own handling: they end the process at once with a line and code 75.

Input: whether messages are JSON. Output: signal handlers. Cost: imports of ``os``, ``signal`` and ``time`` only, since
a signal may come while the rest is imported.
"""

import os
import signal
import time

from mvn_dask.job.signal_masking import SIGNALS

EXIT_CODE = 75
"""`mvn_dask.cli.exit_codes.ExitCode.STOPPED`, whose import takes longer."""


def exit_on_signals(*, json_log: bool) -> None:
    """From now on a signal that requests a stop ends the process at once.

    Parameters
    ----------
    json_log : bool
        Write the message as JSON.
    """

    def leave(number: int, _: object) -> None:
        # Not by sys.stderr, which may be in the middle of a line.
        try:
            os.write(2, _line(signal.Signals(number).name, json_log=json_log).encode())
        finally:
            os._exit(EXIT_CODE)

    for name in SIGNALS:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), leave)


def _line(name: str, *, json_log: bool) -> str:
    # By hand: json is not imported yet.
    if not json_log:
        return f"mvn-dask: error: {name}: stopped\n"
    now = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
    return f'{{"time": "{now}", "level": "error", "message": "{name}: stopped", "exit_code": {EXIT_CODE}}}\n'


def json_log_requested(arguments: list[str]) -> bool:
    """Whether arguments hold ``--log-format json``, however wrong the others may be.

    Examples
    --------
    >>> [json_log_requested(each.split()) for each in ("run --log-format json", "run --log-format=json", "json")]
    [True, True, False]
    """
    follows = any(pair == ("--log-format", "json") for pair in zip(arguments, arguments[1:], strict=False))  # noqa: RUF007 itertools costs time
    return follows or "--log-format=json" in arguments
