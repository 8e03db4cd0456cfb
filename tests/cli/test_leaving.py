import json
import signal
import subprocess
import sys

import pytest

from mvn_dask.cli.leaving import CODE, json_wanted
from mvn_dask.cli.outcome import Exit

LEAVE = """
import os, signal, sys
from mvn_dask.cli.leaving import leave_on_signals
leave_on_signals(json_log="json" in sys.argv)
assert not {"json", "typer", "numpy", "multiprocessing"} & set(sys.modules)
print("ready", flush=True)
signal.pause()
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGUSR1"])
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_signal_ends_with_a_line(name: str, form: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", LEAVE, form], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.Signals[name])
        _, err = process.communicate()
    assert process.returncode == CODE == Exit.STOPPED
    if form == "text":
        assert err == f"mvn-dask: error: {name}: stopped\n"
    else:
        told = json.loads(err)
        assert told.keys() == {"time", "level", "message", "exit_code"}
        assert (told["level"], told["message"], told["exit_code"]) == ("error", f"{name}: stopped", 75)


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ([], False),
        (["--log-format"], False),
        (["--json"], False),
        (["--log-format", "text", "json"], False),
        (["run", "--log-format", "json", "x"], True),
        (["run", "--log-format=json"], True),
    ],
)
def test_json_wanted(arguments: list[str], wanted: bool) -> None:
    assert json_wanted(arguments) is wanted
