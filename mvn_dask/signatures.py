"""Signatures as people read them: names and defaults.

Input: a function with annotations. Output: the same function, whose `inspect.signature` has none, so that help in
IPython, editors and documents is a line in place of unions of types. Cost: some µs when it is defined. Annotations
stay, and type checkers see them.
"""

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def short_signature(function: Decorated) -> Decorated:
    """A function whose signature is shown without types.

    >>> @short_signature
    ... def draw(mean: "list[float] | float", size: int | None = None) -> float: ...
    >>> inspect.signature(draw), sorted(draw.__annotations__)
    (<Signature (mean, size=None)>, ['mean', 'return', 'size'])
    """
    signature = inspect.signature(function)
    plain = [each.replace(annotation=inspect.Parameter.empty) for each in signature.parameters.values()]
    shown = signature.replace(parameters=plain, return_annotation=inspect.Signature.empty)
    function.__signature__ = shown  # type: ignore[attr-defined]
    return function
