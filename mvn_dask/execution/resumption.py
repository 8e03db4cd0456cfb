"""How work that ended early goes on, for the errors that end it.

Input: a clause in the terms of an advice, given by the call that knows. Output: the clause, wherever an error is made.
Cost: none.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

SAME_CALL = "the same {call} goes on"
"""The clause where nothing else was given."""

_clause: ContextVar[str | None] = ContextVar("_clause", default=None)


@contextmanager
def resumed_by(clause: str) -> Iterator[None]:
    """Inside the body, errors say that work goes on by this; within another such body that one's clause counts.

    >>> with resumed_by("{repair} completes it"), resumed_by(SAME_CALL):
    ...     way_on()
    '{repair} completes it'
    """
    # The outermost is what the user has called: a job's call is another one than that of `to_zarr` inside it.
    before = _clause.set(_clause.get() or clause)
    try:
        yield
    finally:
        _clause.reset(before)


def way_on() -> str:
    """How the work of this thread goes on once it has ended early; a clause for the advice of an error.

    >>> way_on()
    'the same {call} goes on'
    """
    return _clause.get() or SAME_CALL
