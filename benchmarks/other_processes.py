"""Libraries that work in processes of their own, one after the other, where they can be had.

Input: the name of a peer and a task. Output: its answer, or None where it is missing. Cost: that of the peer; a missing
environment is made once. What was skipped is kept with the reason.
"""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from benchmarks import environments

Answer = dict[str, Any]


class OtherProcesses:
    """Asks the peers of a script beside this one."""

    def __init__(self, folder: Path, given: dict[str, str], *, script: str, create: bool = True) -> None:
        self.folder, self._given, self._script, self._create = folder, given, script, create
        self.skipped: dict[str, str] = {}
        """Why a peer is missing, by its name."""

    def ask(self, peer: str, **task: Any) -> Answer | None:
        """The answer of a peer to a task; None where it cannot be had, or fails."""
        if peer in self.skipped:
            return None
        command = self._command(peer)
        if isinstance(command, str):
            self._skip(peer, command)
            return None
        variables = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        done = subprocess.run(
            command, input=json.dumps(task) + "\n", capture_output=True, text=True, env=variables, check=False
        )
        if done.returncode or not done.stdout:
            self._skip(peer, (done.stderr.strip().splitlines() or ["no answer"])[-1])
            return None
        answer: Answer = json.loads(done.stdout.splitlines()[-1])
        return answer

    def ratio(self, peer: str, ours: float, of: str = "seconds", **task: Any) -> str:
        """How many times as long as ours a peer takes, with its name, or nothing where it is missing."""
        answer = self.ask(peer, **task)
        return "" if answer is None else f"{peer} {answer[of] / ours:.3g}×"

    def _command(self, peer: str) -> list[str] | str:
        if not self._create and peer not in self._given:
            return "no interpreter was given"
        return environments.command(peer, self.folder, self._given, self._script)

    def _skip(self, peer: str, reason: str) -> None:
        self.skipped[peer] = reason
        print(f"skipped {peer}: {reason}", flush=True)
