"""mypy and basedpyright as users run them: with mvn_dask installed, and no configuration."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import mvn_dask
from tests import test_public_types
from tests.support import wrong_calls

SAMPLES = (Path(test_public_types.__file__), Path(wrong_calls.__file__))
CACHE = Path(__file__).parent.parent / ".mypy_cache" / "users"
"""Kept, since mypy reads the types of every library anew without it."""
COMMENTS = re.compile(r"  # (type|pyright): ignore\[[\w-]+\]")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with samples of right and of wrong code, without comments for the checkers."""
    made = tmp_path_factory.mktemp("user")
    for path in SAMPLES:
        (made / path.name).write_text(COMMENTS.sub("", path.read_text()))
    return made


def wrong() -> Iterator[tuple[str, int]]:
    """The lines that must be flagged."""
    for path in SAMPLES:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if COMMENTS.search(line):
                yield path.name, number


def output(folder: Path, *command: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True, check=False
    ).stdout


@pytest.mark.slow
def test_mypy_flags_every_wrong_line_and_no_right_one(folder: Path) -> None:
    errors = re.finditer(r"(?m)^(.*?):(\d+): error", output(folder, "mypy", "--cache-dir", str(CACHE), "."))
    assert {(error[1], int(error[2])) for error in errors} ^ set(wrong()) == set()


@pytest.mark.slow
def test_basedpyright_flags_every_wrong_line_and_no_right_one(folder: Path) -> None:
    (folder / "pyrightconfig.json").write_text(json.dumps({"typeCheckingMode": "standard"}))
    text = output(folder, "basedpyright", "--outputjson", "--pythonpath", sys.executable)
    errors = json.loads(text)["generalDiagnostics"]
    places = {(Path(error["file"]).name, error["range"]["start"]["line"] + 1) for error in errors}
    assert places ^ set(wrong()) == set()


def test_there_are_wrong_lines_about_every_public_function() -> None:
    called = {node.attr for node in ast.walk(ast.parse(SAMPLES[1].read_text())) if isinstance(node, ast.Attribute)}
    reports = {"Extension", "Repair", "Report", "Verification"}  # which nobody makes
    assert set(mvn_dask.__all__) - reports - {"covariance", "errors", "__version__"} <= called
