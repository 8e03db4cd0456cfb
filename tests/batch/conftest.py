"""A job for the scripts in examples/batch, and the environment that a scheduler gives them."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples" / "batch"
PROGRAMS = Path(sys.executable).parent
"""Where `mvn-dask` lies."""

Done = subprocess.CompletedProcess[str]

JOB = """\
version = 1

[distribution]
mean = [0.5, 1.5]
cov = [[2.0, 0.5], [0.5, 1.0]]

[sample]
size = 80_000
seed = 7
chunks = 10_000

[output]
url = "returns.zarr"
"""


@dataclass(frozen=True)
class Site:
    """A machine's folder for a job."""

    folder: Path
    """Holds job.toml, and later the store."""

    @property
    def job(self) -> Path:
        return self.folder / "job.toml"

    @property
    def store(self) -> Path:
        return self.folder / "returns.zarr"

    def run(self, command: Sequence[str | Path], cwd: str | Path = "/", **environment: str) -> Done:
        """Run a command with the few variables that a scheduler keeps, and those that locate code and compiled code."""
        names = ("HOME", "NUMBA_CACHE_DIR", "PYTHONPATH")
        kept = {name: os.environ[name] for name in names if name in os.environ}
        given = {**kept, "PATH": "/usr/bin:/bin", **environment}
        return subprocess.run(command, check=False, env=given, cwd=cwd, capture_output=True, text=True)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    (tmp_path / "job.toml").write_text(JOB)
    return Site(tmp_path)
