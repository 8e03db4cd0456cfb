"""Timing on machines that other work slows down: in turn, and the best of several rounds."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    """What was measured."""
    value: float
    """Measured value."""
    unit: str
    """Unit of the value."""
    against: str = ""
    """What it is compared with, and how it fares."""
    target: str = ""
    """What it should be, and whether it is."""


def best_in_turn(
    actions: dict[str, Callable[[], object]], rounds: int, clock: Callable[[], float] = time.perf_counter
) -> dict[str, float]:
    """Shortest time of each action, in seconds; every round runs each of them once.

    Of actions on one thread, ``time.process_time`` leaves out what other processes take of its core.
    """
    best = dict.fromkeys(actions, float("inf"))
    for _ in range(rounds):
        for name, action in actions.items():
            begin = clock()
            action()
            best[name] = min(best[name], clock() - begin)
    return best


def at_most(limit: float, value: float, unit: str) -> str:
    """A target that a value should not exceed, and whether it does.

    >>> at_most(8.0, 9.5, "ms")
    'at most 8 ms: no'
    """
    return f"at most {limit:g} {unit}: {'yes' if value <= limit else 'no'}"


def at_least(limit: float, value: float, unit: str) -> str:
    """A target that a value should reach, and whether it does.

    >>> at_least(2.0, 2.5, "× scipy")
    'at least 2 × scipy: yes'
    """
    return f"at least {limit:g} {unit}: {'yes' if value >= limit else 'no'}"
