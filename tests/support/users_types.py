"""mypy and basedpyright as users run them, on code of theirs: with mvn_dask installed, and no configuration."""

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

CACHE = Path(__file__).parents[2] / ".mypy_cache" / "users"
"""Kept, since mypy reads the types of every library anew without it."""
COMMENTS = re.compile(r"  # (type|pyright): ignore\[[\w, -]+\]")


def copy_without_comments(samples: Iterable[Path], folder: Path) -> None:
    """Copy files into a folder, without their comments for the checkers."""
    for path in samples:
        (folder / path.name).write_text(COMMENTS.sub("", path.read_text()))


def marked_lines(samples: Iterable[Path]) -> set[tuple[str, int]]:
    """The lines, by file name and number, that such comments say must be flagged."""
    return {
        (path.name, number)
        for path in samples
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if COMMENTS.search(line)
    }


def mypy_lines(folder: Path, python: str | Path = sys.executable) -> set[tuple[str, int]]:
    """The lines that mypy flags in a folder, with the libraries of an interpreter."""
    command = [sys.executable, "-m", "mypy", "--python-executable", python, "--cache-dir", CACHE, "."]
    text = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout
    return {(error[1], int(error[2])) for error in re.finditer(r"(?m)^(.*?):(\d+): error", text)}


def basedpyright_lines(folder: Path, python: str | Path = sys.executable) -> set[tuple[str, int]]:
    """The lines that basedpyright flags in a folder, with the libraries of an interpreter."""
    (folder / "pyrightconfig.json").write_text(json.dumps({"typeCheckingMode": "standard"}))
    command = [sys.executable, "-m", "basedpyright", "--outputjson", "--pythonpath", python]
    text = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout
    errors = json.loads(text)["generalDiagnostics"]
    return {(Path(error["file"]).name, error["range"]["start"]["line"] + 1) for error in errors}
