"""Progress of parts as a person reads it: a line that counts them, and one for each that is not complete.

Input: a status, and the time. Output: lines.
"""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mvn_dask.readable import duration, plural

if TYPE_CHECKING:
    from mvn_dask.store.part_progress import PartProgress, PartState
    from mvn_dask.store.status import Status

MAX_PART_LINES = 50
"""Parts that are listed, where there is no terminal whose height decides."""
_ORDER: "tuple[PartState, ...]" = ("silent", "active", "not begun")


def parts_text(status: "Status", now: float) -> str:
    """How many parts are in which state."""
    counts = Counter(each.state(now) for each in status.parts)
    text = f"{counts['complete']} of {plural(len(status.parts), 'part')} complete"
    return ", ".join(
        [text, *(f"{counts[state]} {state}" for state in ("active", "silent", "not begun") if counts[state])]
    )


def age_text(written: float, now: float) -> str:
    """How long ago a chunk was written; the clock of the storage may be ahead."""
    return f"{duration(round(max(0.0, now - written)))} ago"


def part_lines(status: "Status", now: float, limit: int = MAX_PART_LINES) -> Iterator[str]:
    """Parts that are not complete, those first that get no chunks any more; nothing where no parts were asked for."""
    states = [(each.state(now), each) for each in status.parts]
    listed = [(state, each) for wanted in _ORDER for state, each in states if state == wanted]
    if len(listed) > limit:
        # A line less, for the one that counts the others.
        listed, left_out = listed[: max(0, limit - 1)], listed[max(0, limit - 1) :]
    else:
        left_out = []
    width = max((len(_name(each)) for _, each in listed), default=0)
    for state, each in listed:
        # Short, since what a narrow terminal has no room for is cut off.
        age = "" if each.last_written is None else f", {age_text(each.last_written, now)}"
        chunks = f"{each.done} of {plural(each.done + each.missing, 'chunk')}"
        yield f"  {_name(each):<{width}}  {state}{age}: {chunks}"
    if left_out:
        yield f"  and {plural(len(left_out), 'part')} more that {'is' if len(left_out) == 1 else 'are'} not complete"


def _name(progress: "PartProgress") -> str:
    return f"{progress.part[0]}/{progress.part[1]}"
