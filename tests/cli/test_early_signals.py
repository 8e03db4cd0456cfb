import json
import signal
import subprocess
import sys

import pytest

from mvn_dask.cli.early_signals import EXIT_CODE, json_log_requested
from mvn_dask.cli.exit_codes import ExitCode

PROGRAM = """
import os, signal, sys
from mvn_dask.cli.early_signals import exit_on_signals
exit_on_signals(json_log="json" in sys.argv)
assert not {"json", "typer", "numpy", "multiprocessing"} & set(sys.modules)
print("ready", flush=True)
signal.pause()
"""


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGUSR1"])
def test_a_signal_ends_with_a_line(name: str, form: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, form], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.Signals[name])
        _, err = process.communicate()
    assert process.returncode == EXIT_CODE == ExitCode.STOPPED
    if form == "text":
        assert err == f"mvn-dask: error: {name}: stopped\n"
    else:
        line = json.loads(err)
        assert line.keys() == {"time", "level", "message", "exit_code"}
        assert (line["level"], line["message"], line["exit_code"]) == ("error", f"{name}: stopped", 75)


def test_json_log_requested() -> None:
    for arguments in ("", "json", "--log-format", "--json", "--log-format text json"):
        assert not json_log_requested(arguments.split()), arguments
    for arguments in ("run --log-format json", "run --log-format json x", "run --log-format=json"):
        assert json_log_requested(arguments.split()), arguments
