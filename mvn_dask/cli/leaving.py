"""Signals before a command has begun, and after it has ended: they end the process at once, with a line.

Nothing is imported here that takes time: a signal may come while the rest is imported.
"""

import os
import signal
import time

from mvn_dask.job.signal_masking import SIGNALS

CODE = 75
"""`mvn_dask.cli.outcome.Exit.STOPPED`."""


def leave_on_signals(*, json_log: bool) -> None:
    """From now on a signal that asks to stop ends the process at once.

    Parameters
    ----------
    json_log : bool
        Say so as JSON.
    """

    def leave(number: int, _: object) -> None:
        # Python's own streams may be in the middle of a line.
        try:
            os.write(2, _line(signal.Signals(number).name, json_log=json_log).encode())
        finally:
            os._exit(CODE)

    for name in SIGNALS:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), leave)


def _line(name: str, *, json_log: bool) -> str:
    if not json_log:
        return f"mvn-dask: error: {name}: stopped\n"
    now = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
    return f'{{"time": "{now}", "level": "error", "message": "{name}: stopped", "exit_code": {CODE}}}\n'


def json_wanted(arguments: list[str]) -> bool:
    """Whether arguments ask for messages as JSON, however wrong the others may be.

    Examples
    --------
    >>> json_wanted(["run", "--log-format", "json"]), json_wanted(["run", "--log-format=json"]), json_wanted(["json"])
    (True, True, False)
    """
    follows = any(pair == ("--log-format", "json") for pair in zip(arguments, arguments[1:], strict=False))  # noqa: RUF007 itertools costs time
    return follows or "--log-format=json" in arguments
