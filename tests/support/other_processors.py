"""Bits that another process draws, whose compiled code is for another processor, or that has none."""

import os
import subprocess
import sys

PROCESSORS = [{"NUMBA_CPU_NAME": "generic"}, {"NUMBA_CPU_NAME": "nehalem"}, {"NUMBA_DISABLE_JIT": "1"}]
"""Settings of such processes."""


def printed_under(settings: dict[str, str], code: str) -> str:
    """What some code prints in a process with other settings."""
    command, environment = [sys.executable, "-c", code], {**os.environ, **settings}
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.strip()
