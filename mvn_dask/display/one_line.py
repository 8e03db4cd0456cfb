"""One line of bounded length for objects of any size: their `repr`.

Input: a name and values of any kind. Output: a line without characters that move the cursor. Cost: that of a few items
of each value, however many it holds.
"""

from collections.abc import Mapping, Set
from dataclasses import fields
from functools import singledispatch
from itertools import islice
from typing import Any

import numpy as np

from mvn_dask.escaping import printable
from mvn_dask.readable import short_repr

ITEMS, FIRST_ITEMS = 6, 3
"""Items of a collection that a line shows, at most; of more, the first ones."""
ENTRIES = 9
"""Numbers of an array of several axes up to which each is shown."""
LONGEST_TEXT = 120
"""Characters of a text in a line, at most: of a longer one, the beginning and the end."""
LONGEST_LINE = 1000
"""Characters of a line, at most."""


class OneLine:
    """A dataclass whose `repr` is a line of bounded length, whatever it holds; it is declared with ``repr=False``."""

    __slots__ = ()

    def _essentials(self) -> Mapping[str, object]:
        """What stands in the line, by its name: all fields, unless a class chooses."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.repr}  # type: ignore[arg-type]

    def _as_item(self) -> str:
        """What stands for it in the line of another object."""
        return repr(self)

    def __repr__(self) -> str:
        return one_line(type(self).__name__, self._essentials())


def one_line(name: str, values: Mapping[str, object], *first: str) -> str:
    """A name and values, as they would be arguments, behind texts without a name.

    >>> one_line("Found", {"url": "a.zarr", "bad": [(0, i) for i in range(1000)]})
    "Found(url='a.zarr', bad=[(0, 0), (0, 1), (0, 2), … 997 more])"
    """
    arguments = [*first, *(f"{key}={value_text(value)}" for key, value in values.items())]
    return _cut(f"{name}({', '.join(arguments)})", LONGEST_LINE)


@singledispatch
def value_text(value: Any) -> str:
    """A value of any kind, in bounded length.

    >>> value_text(0.1234567), value_text(np.arange(2.0)), value_text({"a": 1}), value_text(np.eye(30))
    ('0.123457', '[0, 1]', "{'a': 1}", 'array of shape (30, 30)')
    """
    return printable(short_repr(value))


@value_text.register
def _(value: OneLine) -> str:
    return value._as_item()


@value_text.register(float)
@value_text.register(np.floating)
def _(value: Any) -> str:
    return f"{value:.6g}"


@value_text.register(np.generic)
def _(value: Any) -> str:
    return value_text(value.item())


@value_text.register(str)
def _(value: str) -> str:
    return printable(repr(_cut(value, LONGEST_TEXT)))


@value_text.register(np.ndarray)
def _(value: Any) -> str:
    if value.ndim == 0:
        return value_text(value.item())
    if value.ndim > 1 and value.size > ENTRIES:
        return f"array of shape {value.shape}"
    return f"[{_items(value)}]"


@value_text.register(list)
def _(value: Any) -> str:
    return f"[{_items(value)}]"


@value_text.register(tuple)
def _(value: Any) -> str:
    return f"({_items(value)}{',' if len(value) == 1 else ''})"


@value_text.register(Mapping)
@value_text.register(Set)
def _(value: Any) -> str:
    return f"{{{_items(value)}}}"


def _items(values: Any) -> str:
    """The first items of a collection, and how many more there are."""
    count = ITEMS if len(values) <= ITEMS else FIRST_ITEMS
    some = islice(values.items() if isinstance(values, Mapping) else values, count)
    texts = [": ".join(map(value_text, each)) if isinstance(values, Mapping) else value_text(each) for each in some]
    return ", ".join(texts) + (f", … {len(values) - count:,} more" if len(values) > count else "")


def _cut(text: str, longest: int) -> str:
    """A text, without its middle where it is too long."""
    if len(text) <= longest:
        return text
    end = longest // 3
    return f"{text[: longest - end - 1]}…{text[-end:]}"
