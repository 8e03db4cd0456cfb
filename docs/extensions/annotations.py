"""Types of fields, properties, parameters and results, as texts that readers know.

Input: annotations in the source of a class of this package. Output: the same, with aliases spelt out, as "ndarray of
float64" for `Float64Array`.
"""

import ast
import inspect
import re
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

import numpy as np

from docs.extensions.public_members import object_of

KNOWN = {
    "ArrayLike": "array_like",
    "Arrays": "Mapping[str, ndarray]",
    "Levels": "float or sequence of float",
    "Number": "float or ndarray",
    "Texts": "sequence of str",
    "npt.DTypeLike": "dtype",
}
"""Aliases that say more than what they stand for."""
_NAME = re.compile(r"[A-Za-z_][\w.]*")
_DECORATION = re.compile(r"^ClassVar\[(.*)\]$")


@dataclass(frozen=True)
class CallTypes:
    """Types of what a method takes and gives."""

    parameters: dict[str, str]
    """Of parameters that are annotated, by their names."""
    result: str | None
    """Of what it gives, unless that is nothing."""


def _spelt(value: Any) -> str | None:
    """What an alias stands for; None for a class, whose name is enough."""
    origin, inner = get_origin(value), get_args(value)
    if origin is Literal:
        return " | ".join(map(repr, inner))
    if origin is np.ndarray:
        kind = get_args(inner[-1])[0] if len(inner) > 1 else Any
        name = getattr(kind, "__name__", "") if not get_args(kind) else ""
        return "ndarray" if name in {"", "Any"} else f"ndarray of {name}"
    if origin in {Union, UnionType}:
        return " | ".join(str(_spelt(each) or getattr(each, "__name__", each)) for each in inner)
    return str(value).replace("typing.", "") if origin is tuple else None


def _value_of(name: str, module: str) -> Any:
    value: Any = sys.modules[module]
    for part in name.split("."):
        value = getattr(value, part, None)
    return value


def spelt_out(annotation: ast.expr, module: str) -> str:
    """An annotation that stands in a module, as a text.

    >>> spelt_out(ast.parse("Float64Array | None").body[0].value, "mvn_dask.covariance.base")
    'ndarray of float64 | None'
    >>> spelt_out(ast.parse("Application").body[0].value, "mvn_dask.covariance.base")
    "'fused' | 'product' | 'colorize'"
    """
    text = str(annotation.value) if isinstance(annotation, ast.Constant) else ast.unparse(annotation)
    text = _DECORATION.sub(r"\1", text)
    text = re.sub(r"npt\.NDArray\[(?:np\.)?(\w+)(?:\[Any\])?\]", r"ndarray of \1", text).replace(" of Any", "")
    # Every second part is the inside of a Literal.
    parts = re.split(r"Literal\[(.*?)\]", text)
    parts[1::2] = [part.replace(", ", " | ") for part in parts[1::2]]
    parts[0::2] = [_NAME.sub(lambda match: _known(match[0], module), part.replace("'", "")) for part in parts[0::2]]
    return "".join(parts)


def _known(name: str, module: str) -> str:
    return KNOWN.get(name) or _spelt(_value_of(name, module)) or name


@cache
def _body_of(kind: type) -> list[ast.stmt]:
    definition = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    return definition.body if isinstance(definition, ast.ClassDef) else []


def _definitions(class_name: str) -> Iterator[tuple[str, ast.stmt]]:
    """The statements of a class and of its bases in this package, each with the module that it stands in."""
    for kind in object_of(class_name).__mro__:
        if kind.__module__.startswith("mvn_dask"):
            yield from ((kind.__module__, statement) for statement in _body_of(kind))


def type_of(class_name: str, attribute: str) -> str | None:
    """The type of a field or property, where a class or one of its bases says it.

    >>> type_of("mvn_dask.Status", "part"), type_of("mvn_dask.covariance.Covariance", "event_shape")
    ('tuple[int, int] | None', 'tuple[int, ...]')
    """
    for module, statement in _definitions(class_name):
        found = None
        if isinstance(statement, ast.AnnAssign) and getattr(statement.target, "id", None) == attribute:
            found = statement.annotation
        elif isinstance(statement, ast.FunctionDef) and statement.name == attribute:
            found = statement.returns
        if found is not None:
            return spelt_out(found, module)
    return None


def call_types(class_name: str, method: str) -> CallTypes:
    """The types of a method, where a class or one of its bases says them.

    >>> call_types("mvn_dask.covariance.Factor", "colorize")
    CallTypes(parameters={'z': 'ndarray', 'out': 'ndarray | None'}, result='ndarray')
    """
    for module, statement in _definitions(class_name):
        if isinstance(statement, ast.FunctionDef) and statement.name == method:
            names = statement.args
            given = [*names.posonlyargs, *names.args, names.vararg, *names.kwonlyargs, names.kwarg]
            types = {each.arg: spelt_out(each.annotation, module) for each in given if each and each.annotation}
            result = spelt_out(statement.returns, module) if statement.returns else "None"
            return CallTypes(types, None if result == "None" else result)
    return CallTypes({}, None)
