"""Signatures as people read them: names and defaults.

Input: a function with annotations, or a class. Output: the same, whose `inspect.signature` is written without types, so
that help in IPython, editors and terminals is a line in place of unions of types. Cost: some 50 µs when it is defined.

Nothing is hidden from programs: the signature has all annotations, as `inspect.Parameter.annotation`, and only leaves
them out where it is turned into text; type checkers see what is written in the file.
"""

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

LONGEST_SIGNATURE = 75
"""Characters of a public name and its signature up to which types are shown: what IPython writes in one line."""


class ShortParameter(inspect.Parameter):
    """A parameter that is written without its type."""

    __slots__ = ()

    def __str__(self) -> str:
        return str(inspect.Parameter(self.name, self.kind, default=self.default))


class ShortSignature(inspect.Signature):
    """A signature that is written without types."""

    __slots__ = ()

    def __str__(self) -> str:
        return str(self._without_types())

    def format(self, **options: Any) -> str:
        """As text; Python 3.13 and later have options for it."""
        plain: Any = self._without_types()
        text: str = plain.format(**options) if hasattr(plain, "format") else str(plain)
        return text

    def _without_types(self) -> inspect.Signature:
        parameters = [each.replace(annotation=inspect.Parameter.empty) for each in self.parameters.values()]
        return inspect.Signature(parameters)


def short_signature(function: Decorated) -> Decorated:
    """A function, or a class, whose signature is written without types.

    >>> @short_signature
    ... def draw(mean: "list[float] | float", size: int | None = None) -> float: ...
    >>> inspect.signature(draw), inspect.signature(draw).parameters["size"].annotation
    (<ShortSignature (mean, size=None)>, int | None)
    """
    target: Any = function
    if isinstance(function, type) and "__init__" in vars(function):
        # On the class itself it would be that of subclasses, too.
        target = vars(function)["__init__"]
    signature = inspect.signature(target)
    parameters = [
        ShortParameter(each.name, each.kind, default=each.default, annotation=each.annotation)
        for each in signature.parameters.values()
    ]
    target.__signature__ = ShortSignature(parameters, return_annotation=signature.return_annotation)
    return function
