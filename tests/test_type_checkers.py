"""mypy and basedpyright as users run them: with mvn_dask installed, and no configuration."""

import ast
from pathlib import Path

import pytest

import mvn_dask
from tests import test_public_types
from tests.support import wrong_calls
from tests.support.users_types import basedpyright_lines, copy_without_comments, marked_lines, mypy_lines

SAMPLES = (Path(test_public_types.__file__), Path(wrong_calls.__file__))
"""Right and wrong code."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("user")
    copy_without_comments(SAMPLES, made)
    return made


@pytest.mark.slow
def test_mypy_flags_every_wrong_line_and_no_right_one(folder: Path) -> None:
    assert mypy_lines(folder) ^ marked_lines(SAMPLES) == set()


@pytest.mark.slow
def test_basedpyright_flags_every_wrong_line_and_no_right_one(folder: Path) -> None:
    assert basedpyright_lines(folder) ^ marked_lines(SAMPLES) == set()


def test_there_are_wrong_lines_about_every_public_function() -> None:
    called = {node.attr for node in ast.walk(ast.parse(SAMPLES[1].read_text())) if isinstance(node, ast.Attribute)}
    reports = {"Extension", "Repair", "Report", "Verification"}  # which nobody makes
    assert set(mvn_dask.__all__) - reports - {"covariance", "errors", "__version__"} <= called
