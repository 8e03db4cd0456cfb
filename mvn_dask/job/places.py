"""Where a key stands: the line of a file, or an override on the command line."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from mvn_dask.job.keys import Key, dotted, is_hidden

_PART = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_NAME = rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*"
_HEADER = re.compile(rf"[ \t]*\[\[?[ \t]*({_NAME})[ \t]*\]\]?[ \t]*(#.*)?")
_ENTRY = re.compile(rf"[ \t]*({_NAME})[ \t]*=")


@dataclass(frozen=True)
class Override:
    """A key that was given beside the file."""

    key: Key
    """The key."""
    value: object
    """Its value."""
    text: str
    """What was written."""

    def shown(self) -> str:
        """How errors call it, without a value that may be secret."""
        # A whole table may hold secrets, and so may a URL.
        text = isinstance(self.value, str) and len(self.key) > 1 and "://" not in self.value
        plain = text or isinstance(self.value, (int, float))
        return f"--set {self.text}" if plain and not is_hidden(self.key) else f"--set {dotted(self.key)}=…"


@dataclass(frozen=True)
class Places:
    """Where the keys of a job stand."""

    name: str
    """What errors call the file."""
    lines: Mapping[Key, int] = field(default_factory=dict)
    """Lines of keys, from 1 on."""
    overrides: Sequence[Override] = ()
    """What was given beside the file."""

    def find(self, key: Key) -> tuple[int, str]:
        """The line of a key, 0 where there is none, and the place and the key in words."""
        given = [each for each in self.overrides if each.key == key[: len(each.key)]]
        if key and key not in self.lines:
            given = given or [each for each in self.overrides if each.key[: len(key)] == key]
        if given:
            place = given[-1].shown()
            return 0, place if given[-1].key == key else f"{place}: {dotted(key)}"
        line = next((self.lines[key[:end]] for end in range(len(key), 0, -1) if key[:end] in self.lines), 0)
        place = f"{self.name}:{line}" if line else self.name
        return line, f"{place}: {dotted(key)}" if key else place


def key_lines(text: str) -> dict[Key, int]:
    """Lines of the keys in a TOML text, found by a simple scan: what stands in a text of many lines may mislead it."""
    found: dict[Key, int] = {}
    table: Key = ()
    for number, line in enumerate(text.split("\n"), start=1):
        header, entry = _HEADER.fullmatch(line), _ENTRY.match(line)
        with suppress(tomllib.TOMLDecodeError):
            if header:
                table = as_key(header[1])
                found.setdefault(table, number)
            elif entry:
                found.setdefault((*table, *as_key(entry[1])), number)
    return found


def as_key(text: str) -> Key:
    """A dotted key as TOML reads it.

    Raises
    ------
    tomllib.TOMLDecodeError
        If it is none.

    Examples
    --------
    >>> as_key('cluster.options."a.b"')
    ('cluster', 'options', 'a.b')
    """
    return tuple(_steps(tomllib.loads(f"{text} = 0")))


def _steps(table: object) -> Iterator[str]:
    while isinstance(table, dict):
        ((name, table),) = table.items()
        yield name
