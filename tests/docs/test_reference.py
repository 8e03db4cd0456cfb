"""Every public name has a page in the reference, and a docstring with all that belongs there."""

import ast
import inspect
import pkgutil
import re
from collections.abc import Iterator
from functools import cache, cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import mvn_dask
from docs.extensions.annotations import call_types, type_of
from docs.extensions.public_members import CONTRACTS, INTERNAL, members_of, object_of
from docs.extensions.public_names import entries
from mvn_dask import covariance, errors, statistics

ROOT = Path(__file__).parents[2]
MODULES = {"mvn_dask": mvn_dask, "mvn_dask.covariance": covariance, "mvn_dask.statistics": statistics}
NAMES = [
    f"{module}.{name}" for module, value in MODULES.items() for name in value.__all__ if callable(getattr(value, name))
]
CLASSES = sorted(name for name in entries() if inspect.isclass(object_of(name)))
UNSHOWN = {"mvn_dask.statistics.Statistic": {"join_columns", "weighted"}}
"""Members without an example: what a base class gives of these is an error."""
CHECKS = {
    "GL08", "SS01", "SS03", "PR01", "PR02", "PR04", "PR05", "PR07", "PR08", "PR09", "PR10",
    "RT01", "RT02", "RT03", "SA01", "SA02", "SA04", "EX01",
}  # fmt: skip
"""Of numpydoc: a summary, parameters and what is returned with types and descriptions, See Also, Examples."""
IN_SIGNATURE = {"PR01", "PR04", "RT01"}
"""What the signature of a method shows where its docstring has no section for it."""
ON_PAGE = {"SA01", "EX01"}
"""Sections that the page of a class may have in place of its properties, and of what those call who write a class."""
RESULTS = {
    "Extension", "LevelEstimate", "MeanAndCovarianceResult", "Repair", "Report", "SequentialEstimate", "Status",
    "Verification",
    "Covariance", "ConditionedGrid", "Factor", "MatrixFactor", "CirculantFactor", "CovarianceFunction", "Statistic",
    "Job",
}  # fmt: skip
"""What nobody makes by calling it, or is subclassed: fields and methods are documented, and no parameters."""


@cache
def faults_of(name: str) -> tuple[tuple[str, str], ...]:
    from numpydoc.validate import validate

    return tuple(
        (code, text) for code, text in validate(name)["errors"] if code in CHECKS and not of_fields(name, text)
    )


def of_fields(name: str, text: str) -> bool:
    """Whether a fault is that parameters are not documented which are fields with docstrings of their own."""
    missing = re.fullmatch(r"Parameters {(.*)} not documented", text)
    if missing is None or name not in CLASSES:
        return False
    source = inspect.getsource(object_of(name))
    fields = [field.strip(" '") for field in missing[1].split(",")]
    return all(re.search(rf'\n    {field}: .*\n    """', source) for field in fields)


@pytest.mark.docs
@pytest.mark.parametrize("name", sorted({*NAMES, *entries()}))
def test_the_docstring_has_all_that_belongs_there(name: str) -> None:
    results = name.rpartition(".")[2] in RESULTS
    found = [text for code, text in faults_of(name) if not (results and code.startswith("PR"))]
    assert found == []


def is_field(owner: str, member: str) -> bool:
    value = inspect.getattr_static(object_of(owner), member, None)
    return not (inspect.isroutine(value) or isinstance(value, (property, cached_property, classmethod)))


@cache
def examples_on(page: str) -> str:
    """The code of all examples on the page of a class."""
    members, kind = members_of(page), object_of(page)
    documented = [name for name in (*members.methods, *members.attributes) if not is_field(page, name)]
    texts = [kind.__doc__, *(getattr(kind, name).__doc__ for name in documented)]
    lines = [line.lstrip() for text in texts for line in (text or "").splitlines()]
    return "\n".join(line for line in lines if line.startswith((">>>", "...")))


@pytest.mark.docs
@pytest.mark.parametrize("owner", CLASSES)
def test_each_member_has_its_types(owner: str) -> None:
    """In its docstring, or in the annotations that its entry shows in place of them."""
    from numpydoc.docscrape import NumpyDocString

    members = members_of(owner)
    untyped = [name for name in members.attributes if type_of(owner, name) is None]
    for name in members.methods:
        method = getattr(object_of(owner), name)
        documented = NumpyDocString(inspect.getdoc(method) or "")["Parameters"]
        typed = {each for entry in documented if entry.type for each in entry.name.split(", ")}
        typed |= call_types(owner, name).parameters.keys()
        asked = inspect.signature(method).parameters.keys()
        untyped += [f"{name}({each})" for each in sorted(asked - typed - {"self"})]
    assert untyped == []


@pytest.mark.docs
@pytest.mark.parametrize("owner", CLASSES)
def test_each_member_is_described_and_shown(owner: str) -> None:
    members, lacking = members_of(owner), []
    for name in (*members.attributes, *members.methods):
        if is_field(owner, name):
            continue  # its docstring is what makes it a member
        if name not in UNSHOWN.get(owner, set()) and not re.search(rf"\.{name}\b", examples_on(owner)):
            lacking.append(f"{name}: no example")
        optional = IN_SIGNATURE | (ON_PAGE if owner in CONTRACTS or name in members.attributes else {"EX01"})
        lacking += [f"{name}: {text}" for code, text in faults_of(f"{owner}.{name}") if code not in optional]
    assert lacking == []


def test_what_is_left_out_of_pages_is_there() -> None:
    """A name that the package no longer has would hide nothing, or another member some day."""
    hidden = [(owner, name) for owner, names in INTERNAL.items() for name in names]
    assert [each for each in hidden if not hasattr(object_of(each[0]), each[1]) and type_of(*each) is None] == []


def test_every_public_name_has_a_page() -> None:
    assert set(NAMES) - entries() == set()


@cache
def imported_into(module: str) -> dict[str, str]:
    """Full names of what a module imports from this package, also for types alone, or defines; by its own names."""
    found = {}
    for node in ast.walk(ast.parse(inspect.getsource(import_module(module)))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("mvn_dask"):
            found.update({each.asname or each.name: f"{node.module}.{each.name}" for each in node.names})
        elif isinstance(node, ast.ClassDef):
            found[node.name] = f"{module}.{node.name}"
    return found


def types_given(name: str) -> Iterator[type]:
    """Classes of this package that a function returns, or the members of a class hold or return."""
    value = object_of(name)
    texts: list[tuple[str, str | None]] = []
    if inspect.isclass(value):
        members = members_of(name)
        shown = [type_of(name, each) for each in members.attributes]
        shown += [call_types(name, each).result for each in members.methods]
        texts = [(base.__module__, text) for base in value.__mro__ for text in shown]
    else:
        texts = [(value.__module__, str(inspect.get_annotations(value).get("return")))]
    for module, text in texts:
        known = imported_into(module) if module.startswith("mvn_dask") else {}
        for word in re.findall(r"\w+", text or ""):
            if word in known and inspect.isclass(kind := object_of(known[word])):
                yield kind


def subclasses(kind: type[Any]) -> set[type[Any]]:
    found = {each for each in kind.__subclasses__() if each.__module__.startswith("mvn_dask")}
    return found.union(*map(subclasses, found))


@pytest.mark.docs
def test_every_class_that_users_are_given_has_a_page() -> None:
    described = {object_of(name) for name in entries()}
    given = {kind: name for name in entries() for kind in types_given(name)}
    assert {f"{name}: {kind.__name__}" for kind, name in given.items() if kind not in described} == set()


@pytest.mark.docs
def test_every_result_and_every_structure_has_a_page() -> None:
    """Also where a function is annotated with what they have in common."""
    for package in ("covariance", "estimation", "statistics"):
        for module in pkgutil.iter_modules([str(ROOT / "mvn_dask" / package)], f"mvn_dask.{package}."):
            import_module(module.name)
    results, structures = subclasses(object_of("mvn_dask.statistics.results.Result")), subclasses(covariance.Covariance)
    made = results | {kind for kind in structures if "kind" in vars(kind)}
    assert len(made) > 20
    assert made - {object_of(name) for name in entries()} == set()


def test_errors_stand_on_one() -> None:
    page = (ROOT / "docs" / "reference" / "errors.md").read_text()
    assert "automodule:: mvn_dask.errors" in page
    assert all(inspect.getdoc(getattr(errors, name)) for name in dir(errors))
