"""Errors and warnings carry their advice apart: what they quote is never taken for it."""

import ast
import inspect
import pickle
import re
import warnings
from copy import copy
from pathlib import Path

import pytest

import mvn_dask
from mvn_dask import errors
from mvn_dask.advice import TERMS, Advice, advising_warning, words_for_command

PACKAGE = Path(mvn_dask.__file__).parent
CLASSES = [cls for _, cls in inspect.getmembers(errors, inspect.isclass) if cls.__module__ == errors.__name__]
QUOTED = "mvn_dask.repair {extend} overwrite=True {0} {"
PYTHON_CALL = re.compile(
    r"mvn_dask\.(to_zarr|repair|extend|verify|status|report)\b|\b(overwrite|force|check_valid)=|(method|chunks)=[\\[\\d'-]|dtype=np"
)
OF_PYTHON_ALONE = {
    "execution/client.py": "asyncio.to_thread",
    "execution/futures.py": "build `array` again",
    "covariance/validity.py": "method='svd'",
    "reporting/reproduction.py": "mvn_dask.to_zarr(x, ",
    "store/writing.py": "without overwrite=True",
}
"""Files with a text that no command gives, or that says by which method something was drawn; and how it begins."""


@pytest.mark.parametrize("cls", CLASSES)
def test_an_error_keeps_its_advice_apart_from_what_it_quotes(cls: type[errors.MvnDaskError]) -> None:
    error = cls(QUOTED, advice=Advice("call {repair} first"))
    for each in (error, pickle.loads(pickle.dumps(error)), copy(error)):  # noqa: S301
        assert isinstance(each, cls)
        assert str(each) == f"{QUOTED}: call mvn_dask.repair first"
        assert each.for_command == f"{QUOTED}: call `mvn-dask repair` first"
        assert each.text == QUOTED
    assert cls(QUOTED).for_command == str(cls(QUOTED)) == QUOTED


@pytest.mark.parametrize("kind", [RuntimeWarning, UserWarning])
def test_a_warning_keeps_its_category(kind: type[Warning]) -> None:
    advice = Advice("Use {auto}.")
    with pytest.warns(kind) as caught:
        warnings.warn(advising_warning(kind, f"{QUOTED}.", advice), stacklevel=1)
    assert caught[0].category is kind
    assert str(caught[0].message) == f"{QUOTED}. Use method='auto' of MultivariateNormal."
    assert words_for_command(caught[0].message) == f'{QUOTED}. Use distribution.method = "auto".'
    assert words_for_command(kind(QUOTED)) == words_for_command(QUOTED) == QUOTED
    assert words_for_command(advising_warning(kind, QUOTED, None)) == QUOTED


def test_another_way_out_of_the_command() -> None:
    advice = Advice("call {repair}", "delete it, and {repair} writes it")
    assert advice.python == "call mvn_dask.repair"
    assert advice.command == "delete it, and `mvn-dask repair` writes it"


@pytest.fixture(scope="module")
def sources() -> dict[str, ast.Module]:
    return {path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text()) for path in PACKAGE.rglob("*.py")}


def texts_in(node: ast.AST) -> list[ast.Constant]:
    return [each for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str)]


def advice_in(tree: ast.AST) -> list[ast.Call]:
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return [node for node in calls if isinstance(node.func, ast.Name) and node.func.id == "Advice"]


def test_every_term_of_an_advice_is_known_and_every_known_one_used(sources: dict[str, ast.Module]) -> None:
    used = {
        term
        for name, tree in sources.items()
        if name != "advice.py"
        for node in texts_in(tree)
        for term in re.findall(r"\{(\w+)\}", str(node.value))
    }
    assert used >= TERMS.keys()
    advised = {
        term
        for tree in sources.values()
        for call in advice_in(tree)
        for node in texts_in(call)
        for term in re.findall(r"\{(\w+)\}", str(node.value))
    }
    assert advised <= TERMS.keys()


def test_no_text_that_the_command_prints_advises_a_call_of_python(sources: dict[str, ast.Module]) -> None:
    found, used = [], set()
    for name, tree in sources.items():
        # Docstrings, and advice for Python alone.
        skipped = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for call in advice_in(tree):
            if len(call.args) > 1 or "{in_python}" in ast.unparse(call):
                skipped |= {id(node) for node in texts_in(call)}
        for node in texts_in(tree):
            text, allowed = str(node.value), OF_PYTHON_ALONE.get(name)
            if name != "advice.py" and id(node) not in skipped and PYTHON_CALL.search(text):
                if allowed is not None and allowed in text:
                    used.add(name)
                else:
                    found.append(f"{name}:{node.lineno}: {text}")
    assert not found
    assert used == OF_PYTHON_ALONE.keys()
