"""Locations of keys: the line in a TOML text, or the override on the command line that set them."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from mvn_dask.job.keys import Key, dotted, is_secret

_STEP = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_NAME = rf"{_STEP}(?:[ \t]*\.[ \t]*{_STEP})*"
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

    def display(self) -> str:
        """The override as errors show it, without a value that may be secret."""
        # A whole table may hold credentials, and so may a URL.
        harmless_text = isinstance(self.value, str) and len(self.key) > 1 and "://" not in self.value
        harmless = harmless_text or isinstance(self.value, (int, float))
        return f"--set {self.text}" if harmless and not is_secret(self.key) else f"--set {dotted(self.key)}=…"


@dataclass(frozen=True)
class KeyLocations:
    """Locations of the keys of one job."""

    file: str
    """Name of the file in errors."""
    lines: Mapping[Key, int] = field(default_factory=dict)
    """Line of every key, counted from 1."""
    overrides: Sequence[Override] = ()
    """Overrides given beside the file, in their order."""

    def find(self, key: Key) -> tuple[int, str]:
        """The line of a key, 0 where there is none, and location and key as one text."""
        given = [each for each in self.overrides if each.key == key[: len(each.key)]]
        if key and key not in self.lines:
            given = given or [each for each in self.overrides if each.key[: len(key)] == key]
        if given:
            location = given[-1].display()
            return 0, location if given[-1].key == key else f"{location}: {dotted(key)}"
        line = next((self.lines[key[:end]] for end in range(len(key), 0, -1) if key[:end] in self.lines), 0)
        location = f"{self.file}:{line}" if line else self.file
        return line, f"{location}: {dotted(key)}" if key else location


def key_lines(text: str) -> dict[Key, int]:
    """Lines of the keys in a TOML text.

    Notes
    -----
    `tomllib` gives no positions, so this scans line by line; lines inside a multi-line string may be taken for keys.
    """
    found: dict[Key, int] = {}
    table: Key = ()
    for number, line in enumerate(text.split("\n"), start=1):
        header, entry = _HEADER.fullmatch(line), _ENTRY.match(line)
        with suppress(tomllib.TOMLDecodeError):
            if header:
                table = parse_key(header[1])
                found.setdefault(table, number)
            elif entry:
                found.setdefault((*table, *parse_key(entry[1])), number)
    return found


def parse_key(text: str) -> Key:
    """A dotted key as TOML reads it.

    Raises tomllib.TOMLDecodeError if it is none.

    Examples
    --------
    >>> parse_key('cluster.options."a.b"')
    ('cluster', 'options', 'a.b')
    """
    return tuple(_steps(tomllib.loads(f"{text} = 0")))


def _steps(table: object) -> Iterator[str]:
    while isinstance(table, dict):
        ((name, table),) = table.items()
        yield name
