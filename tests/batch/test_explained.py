"""Every script begins with at most ten lines about what it does, and docs/batch.md names it."""

import re
import subprocess
from pathlib import Path

import pytest

from mvn_dask.cli.exit_codes import ExitCode
from tests.batch.conftest import EXAMPLES

FILES = sorted(EXAMPLES.iterdir())
PAGE = (EXAMPLES.parents[1] / "docs" / "batch.md").read_text()


def explanation(path: Path) -> list[str]:
    """The comment, or the docstring, that a file begins with."""
    lines = path.read_text().splitlines()
    if path.suffix == ".py":
        return lines[: next(n for n, line in enumerate(lines) if n and line.endswith('"""')) + 1]
    lines = lines[1:] if lines[0].startswith("#!") else lines
    return lines[: next(n for n, line in enumerate(lines) if not line.startswith("# "))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_in_ten_lines(path: Path) -> None:
    assert 1 <= len(explanation(path)) <= 10
    assert f"batch/{path.name})" in PAGE


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.sh")), ids=lambda path: path.name)
def test_shell(path: Path) -> None:
    subprocess.run(["/bin/bash", "-n", path], check=True)
    lines = path.read_text().splitlines()
    directives = [n for n, line in enumerate(lines) if line.startswith("#SBATCH")]
    commands = [n for n, line in enumerate(lines) if line and not line.startswith("#")]
    assert directives
    assert max(directives) < min(commands), "Slurm reads directives up to the first command"


def test_all_exit_codes() -> None:
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)} == set(ExitCode)
