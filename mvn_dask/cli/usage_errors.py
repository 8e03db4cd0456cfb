"""Errors of usage in a line: the option, its rule, and the value that was given.

Input: an error of typer, and the arguments of the call. Output: its text. Releases of typer have their values read by
click, whose errors show the value, or by pydantic, whose errors do not.
"""

import re
from collections.abc import Sequence

from mvn_dask.readable import short_repr

_INVALID = re.compile(r"Invalid value for '(?P<options>[^']*)'.*?: Input should be (?P<rule>.*)")
_TYPES = {"a valid number": "a number", "a valid integer": "an integer"}


def usage_text(message: str, arguments: Sequence[str]) -> str:
    """The text of an error of usage.

    Examples
    --------
    >>> usage_text(
    ...     "Invalid value for '--grace': Input should be a valid number, unable to parse string as a number",
    ...     ["run", "job.toml", "--grace=soon"],
    ... )
    "--grace must be a number, not 'soon'"
    >>> usage_text("No such option: --gracee", ["run", "--gracee"])
    'No such option: --gracee'
    """
    message = " ".join(message.split())
    found = _INVALID.fullmatch(message)
    if found is None:
        return message
    option = next(iter(re.findall(r"--[\w-]+", found["options"])), found["options"])
    rule = found["rule"].partition(", unable to parse")[0]
    seen = _value_of(option, arguments)
    return f"{option} must be {_TYPES.get(rule, rule)}" + ("" if seen is None else f", not {short_repr(seen)}")


def _value_of(option: str, arguments: Sequence[str]) -> str | None:
    """What was given last as the value of an option."""
    for number in range(len(arguments) - 1, -1, -1):
        name, sign, value = arguments[number].partition("=")
        if name == option:
            return value if sign else next(iter(arguments[number + 1 :]), None)
    return None
