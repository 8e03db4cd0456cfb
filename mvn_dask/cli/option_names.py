"""Names of options in the texts of errors and warnings, in the place of those that Python and job files have.

Input: the parameters of a command, and keys of a job that its options stand for. Output: a text in which an argument
that Python calls `level` is ``--level``, and `distribution.check_valid = "ignore"` is ``--check-valid ignore``.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from inspect import Parameter
from typing import Any, get_args

_WORD = r'"[\w.-]+"'
_VALUE = rf"(?: = (?P<value>{_WORD}(?:, {_WORD})*(?: or {_WORD})?|[\w.-]+))?"


@dataclass(frozen=True)
class OptionNames:
    """Options by the names that other texts have for them."""

    parameters: Mapping[str, str] = field(default_factory=dict)
    """By names of arguments in Python."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """By dotted keys of a job."""

    def applied(self, text: str) -> str:
        """The text with the names of options.

        Examples
        --------
        >>> names = OptionNames({"level": "--level"}, {"sample.dtype": "--dtype"})
        >>> names.applied('`level` is 3: take sample.dtype = "float64" for `levels`')
        '--level is 3: take --dtype float64 for `levels`'
        """
        for name, option in self.parameters.items():
            text = text.replace(f"`{name}`", option)
        for key, option in self.keys.items():
            # Not where somebody wrote the key: --set sample.dtype=float.
            pattern = rf"(?<![\w.])(?<!--set ){re.escape(key)}(?![\w.=]){_VALUE}"
            text = re.sub(pattern, partial(_option, option), text)
        return text


def _option(option: str, found: re.Match[str]) -> str:
    value = found["value"]
    return option if value is None else " ".join([option, value.replace('"', "")])


def option_names(parameters: Iterable[Parameter], keys: Mapping[tuple[str, ...], str]) -> OptionNames:
    """The names of a command's options and arguments, as typer shows them."""
    found = {}
    for each in parameters:
        # What has no description is an option, as typer makes it.
        info: Any = next(iter(get_args(each.annotation)[1:]), None)
        declared = [name for name in getattr(info, "param_decls", None) or () if name.startswith("--")]
        is_argument = type(info).__name__ == "ArgumentInfo"
        found[each.name] = str(info.metavar) if is_argument else [*declared, f"--{each.name.replace('_', '-')}"][0]
    options = {"overrides": "--set", "storage_options": "values of --storage-option"}
    return OptionNames(found | {name: each for name, each in options.items() if name in found}, _dotted(keys))


def _dotted(keys: Mapping[tuple[str, ...], str]) -> dict[str, str]:
    return {".".join(key): option for key, option in keys.items()}
