"""Keys of a job file: those of the schema, and the line or the override that set one. Input: TOML; output: texts."""

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from mvn_dask.job.schema.array_values import FROM_PATH
from mvn_dask.job.schema.base import Table
from mvn_dask.job.schema.covariance_table import NESTED_KEYS
from mvn_dask.job.schema.job_spec import JobSpec

Key = tuple[str, ...]
"""A key with the tables around it, outermost first."""

SECRET_TABLES = {"storage_options", "options"}
"""Tables whose values may be credentials."""

_COVARIANCE = ("distribution", "cov")
_LIKE_COVARIANCE = {("distribution", "shape")}
"""Keys that take the tables of `_COVARIANCE`."""
_COORDS = ("distribution", "coords")
ESTIMATE = ("estimate",)
"""The list of tables of a job."""
_MARGINALS = ("distribution", "marginals")
_STEP = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_NAME = rf"{_STEP}(?:[ \t]*\.[ \t]*{_STEP})*"
_HEADER = re.compile(rf"[ \t]*(\[\[?)[ \t]*({_NAME})[ \t]*\]\]?[ \t]*(#.*)?")
_ENTRY = re.compile(rf"[ \t]*({_NAME})[ \t]*=")


@cache
def known_keys() -> dict[Key, FieldInfo]:
    """Every key of the schema, outer ones before inner ones."""
    return dict(_keys(JobSpec, ()))


def _keys(annotation: Any, above: Key) -> Iterator[tuple[Key, FieldInfo]]:
    """The keys of all tables that a type allows; of covariances inside a covariance, none."""
    if isinstance(annotation, type) and issubclass(annotation, Table):
        for name, info in annotation.model_fields.items():
            key = (*above, info.alias or name)
            yield key, info
            if key not in _LIKE_COVARIANCE and (key[:2] != _COVARIANCE or name not in NESTED_KEYS):
                yield from _keys(info.annotation, key)
    for part in get_args(annotation):
        yield from _keys(part, above)


def _schema_key(key: Key) -> Key:
    """The key of the schema that a key stands for: of `coords`, an estimate, a marginal, or a covariance in another.

    Examples
    --------
    >>> _schema_key(("distribution", "cov", "members", "0", "covariance", "bands"))
    ('distribution', 'cov', 'bands')
    >>> _schema_key(("estimate", "0", "combination", "oil"))
    ('estimate', 'combination')
    """
    if key[:2] == _COORDS:
        return _COORDS
    if key[:1] == ESTIMATE:
        within = key[2:] if key[1:2] and key[1].isdigit() else key[1:]
        return (*ESTIMATE, *(within[:1] if within[:1] == ("combination",) else within))
    if key[:2] == _MARGINALS:
        named = (*_MARGINALS, *(step for step in key[2:] if not step.isdigit()))
        return named if named in known_keys() else _MARGINALS  # shape parameters are scipy's
    if key[:2] not in {_COVARIANCE, *_LIKE_COVARIANCE} or len(key) == 2:
        return key
    inner = [step for step in key[2:] if not step.isdigit()]
    return (*_COVARIANCE, *(step for step in inner[:-1] if step not in NESTED_KEYS), *inner[-1:])


def is_table(annotation: Any) -> bool:
    """Whether a type allows nothing but tables of this schema, or None.

    Examples
    --------
    >>> is_table(JobSpec | None), is_table(JobSpec | bool)
    (True, False)
    """
    parts = get_args(annotation)
    if isinstance(annotation, type) or not parts:
        return annotation is type(None) or (isinstance(annotation, type) and issubclass(annotation, Table))
    if get_origin(annotation) is Annotated:
        # What stands beside the type is no type; the path of a file may stand for a table of one.
        return is_table(parts[0]) and FROM_PATH not in parts
    return all(map(is_table, parts))


def literal_values(annotation: Any) -> Iterator[str]:
    """The words that a type allows, as TOML writes them.

    Examples
    --------
    >>> list(literal_values(Literal["a", "b"] | bool | None))
    ['a', 'b', 'true', 'false']
    """
    if annotation is bool:
        yield from ("true", "false")
    for part in get_args(annotation):
        if get_origin(annotation) is Literal:
            yield str(part)
        else:
            yield from literal_values(part)


def is_secret(key: Key) -> bool:
    """Whether the value of a key may be a credential: it is an option of another library, or the key is unknown."""
    return bool(SECRET_TABLES & set(key)) or _schema_key(key) not in known_keys()


def suggestion(key: Key) -> str:
    """The known key nearest to an unknown one, or the keys that its table takes.

    Examples
    --------
    >>> suggestion(("sample", "sede"))
    'did you mean sample.seed?'
    """
    siblings = [each[-1] for each in known_keys() if each[:-1] == _schema_key(key)[:-1]]
    near = [(*key[:-1], name) for name in difflib.get_close_matches(key[-1], siblings, 1)]
    near = near or sorted((each for each in known_keys() if each[-1] == key[-1]), key=len)
    if near:
        return f"did you mean {'.'.join(near[0])}?"
    return f"{'.'.join(key[:-1]) or 'a job'} takes {', '.join(siblings)}" if siblings else ""


def parse_key(text: str) -> Key:
    """A dotted key as TOML reads it. Raises tomllib.TOMLDecodeError if it is none.

    Examples
    --------
    >>> parse_key('cluster.options."a.b"')
    ('cluster', 'options', 'a.b')
    """
    table: Any = tomllib.loads(f"{text} = 0")
    key: Key = ()
    while isinstance(table, dict):
        ((name, table),) = table.items()
        key = (*key, name)
    return key


def key_lines(text: str) -> dict[Key, int]:
    """Lines of the keys in a TOML text, counted from 1; lines inside a multi-line string may be taken for keys."""
    found: dict[Key, int] = {}
    table: Key = ()
    lists: dict[Key, int] = {}
    # tomllib gives no positions.
    for number, line in enumerate(text.split("\n"), start=1):
        header, entry = _HEADER.fullmatch(line), _ENTRY.match(line)
        with suppress(tomllib.TOMLDecodeError):
            if header:
                table = _numbered(parse_key(header[2]), lists, begins=header[1] == "[[")
                found.setdefault(table, number)
                if header[1] == "[[":
                    found.setdefault(table[:-1], number)
            elif entry:
                found.setdefault((*table, *parse_key(entry[1])), number)
    return found


def _numbered(key: Key, lists: dict[Key, int], *, begins: bool) -> Key:
    """The key of a header with the numbers of the tables in lists that it is in, or begins as the next of its list."""
    table: Key = ()
    for step in key[:-1]:
        table = (*table, step)
        table = (*table, str(lists[table])) if table in lists else table
    table = (*table, key[-1])
    if begins:
        lists[table] = lists.get(table, -1) + 1
    return (*table, str(lists[table])) if begins else table


@dataclass(frozen=True)
class Override:
    """A key that was given beside the file."""

    key: Key
    """The key."""
    value: object
    """Its value."""
    text: str
    """What was written."""
    option: str = ""
    """The option of the command that was written in place of ``--set``."""

    def display(self) -> str:
        """The override as errors show it, without a value that may be secret."""
        if self.option:
            return self.option
        # A whole table may hold credentials, and so may a URL, even a misspelt one: s3:key:secret@bucket.
        is_text = isinstance(self.value, str) and len(self.key) > 1
        harmless_text = is_text and not any(sign in str(self.value) for sign in ("://", "@"))
        harmless = harmless_text or isinstance(self.value, (int, float))
        return f"--set {self.text}" if harmless and not is_secret(self.key) else f"--set {'.'.join(self.key)}=…"


@dataclass(frozen=True)
class KeyLocations:
    """Locations of the keys of one job."""

    file: str
    """Name of the file in errors."""
    lines: Mapping[Key, int]
    """Line of every key, counted from 1."""
    overrides: Sequence[Override]
    """Overrides given beside the file, in their order."""
    options: Mapping[Key, str] = field(default_factory=dict)
    """Options of a command that stand for keys, where there is no file."""

    def find(self, key: Key) -> tuple[int, str]:
        """The line of a key, 0 where there is none, and location and key as one text."""
        given = [each for each in self.overrides if each.key == key[: len(each.key)]]
        if key and key not in self.lines:
            given = given or [each for each in self.overrides if each.key[: len(key)] == key]
        name = ".".join(key)
        if given:
            location = given[-1].display()
            return 0, location if given[-1].key == key else f"{location}: {name}"
        if self.options:
            return 0, self._option(key)
        line = next((self.lines[key[:end]] for end in range(len(key), 0, -1) if key[:end] in self.lines), 0)
        location = f"{self.file}:{line}" if line else self.file
        return line, f"{location}: {name}" if key else location

    def _option(self, key: Key) -> str:
        """The option that gives a key, and what of the key lies inside it; keys without one are those of ``--set``."""
        for end in range(len(key), 0, -1):
            if key[:end] in self.options:
                # The path of a file stands for a table of it.
                inside = () if key[end:] == ("path",) else key[end:]
                return ": ".join(filter(None, [self.options[key[:end]], ".".join(inside)]))
        above = any(each[: len(key)] == key for each in self.options)
        return self.file if above else f"{self.file}: {'.'.join(key)}"
