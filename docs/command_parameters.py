"""Arguments and options of a command, for its section of the reference and for its man page.

Input: a command as typer has it. Output: its parameters, in their order, with whole texts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Parameter:
    """An argument or an option."""

    names: tuple[str, ...]
    """Spellings of an option, such as ``-q`` and ``--quiet``; none of an argument."""
    value: str
    """What stands for its value; empty of an option that has none."""
    text: str
    """What it is, and what it is by default."""


def arguments_of(command: Any) -> list[Parameter]:
    """The arguments of a command."""
    return [
        Parameter((), _placeholder(each), each.help or "")
        for each in command.params
        if each.param_type_name == "argument"
    ]


def options_of(command: Any) -> Iterator[Parameter]:
    """The options of a command, but for ``--help``, which is everywhere."""
    for each in command.params:
        if each.param_type_name == "option" and each.name != "help":
            yield Parameter(tuple(each.opts), "" if each.is_flag else _placeholder(each), _text(each))


def _placeholder(param: Any) -> str:
    return str(param.metavar or param.name.upper())


def _text(option: Any) -> str:
    shown = option.show_default if isinstance(option.show_default, str) else option.default
    end = " Required." if option.required else "" if option.is_flag or shown in {None, ""} else f" Default: {shown}."
    return f"{option.help or ''}{end}"
