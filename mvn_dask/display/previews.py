"""The first and the last of many: lists that stay short.

Input: sequences of any length. Output: texts and numbers, of bounded length. Cost: none.
"""

from collections.abc import Sequence

from mvn_dask.readable import plural, short_repr

LISTED_FIRST, LISTED_LAST = 8, 2
"""Of many things, how many of the first and of the last are listed."""
REPR_NAMES = 3
"""Names that a `repr` shows, at most."""


def listed_places(count: int) -> list[int]:
    """Numbers of the things that are listed: all, or the first and the last of many.

    >>> listed_places(3), listed_places(10_000)
    ([0, 1, 2], [0, 1, 2, 3, 4, 5, 6, 7, 9998, 9999])
    """
    if count <= LISTED_FIRST + LISTED_LAST:
        return list(range(count))
    return [*range(LISTED_FIRST), *range(count - LISTED_LAST, count)]


def preview(texts: Sequence[str], what: str = "label") -> str:
    """Texts in a line; of many, the first and the last, and their number.

    >>> preview(["a", "b"]), preview([str(i) for i in range(1000)])
    ('a, b', '0, 1, 2, …, 999 (1,000 labels)')
    """
    if len(texts) <= LISTED_FIRST:
        return ", ".join(texts)
    return f"{', '.join(texts[:3])}, …, {texts[-1]} ({plural(len(texts), what, ',')})"


def names_arguments(names: Sequence[str] | None) -> list[str]:
    """The argument `names` in a `repr`, where there are names: a few of them.

    >>> names_arguments(("oil", "gas")), names_arguments(("a", "b", "c", "d")), names_arguments(None)
    (["names=('oil', 'gas')"], ["names=('a', 'b', 'c', …)"], [])
    """
    if names is None:
        return []
    shown = ", ".join(short_repr(name) for name in names[:REPR_NAMES])
    more = ", …" if len(names) > REPR_NAMES else "," if len(names) == 1 else ""
    return [f"names=({shown}{more})"]
