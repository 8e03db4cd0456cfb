"""Parsing of job files. Input: a TOML file or mappings, and overrides; output: a `Job`, or an error, a line a fault."""

import re
import sys
import tomllib
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, time
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from mvn_dask import checks
from mvn_dask._typing import Texts
from mvn_dask.errors import ArgumentError, JobFileError
from mvn_dask.job.keys import Key, KeyLocations, Override, is_secret, key_lines, parse_key, suggestion
from mvn_dask.job.quantities import TOO_MANY_DIGITS
from mvn_dask.job.schema.base import ContradictionError
from mvn_dask.job.schema.job_spec import JobSpec
from mvn_dask.job.toml_format import preview
from mvn_dask.locations import local_path
from mvn_dask.readable import MAX_DIGITS

J = TypeVar("J", bound=JobSpec)

NESTED = (Mapping, list, tuple)
"""Types of what holds values of a job."""
MAX_DEPTH = 64
"""Tables and lists within one another, at most."""
_TOML_ERROR = re.compile(r"(?P<text>.*) \(at line (?P<line>\d+), column (?P<column>\d+)\)")
_LONG_NUMBER = re.compile(rf"\d[\d_]{{{MAX_DIGITS},}}", re.ASCII)
_RULES = {
    "bool_type": "must be true or false",
    "float_type": "must be a number",
    "int_type": "must be an integer",
    "string_type": "must be text",
    "dict_type": "must be a table",
    "model_type": "must be a table",
}
"""Pydantic's error types, and the rules in TOML's terms."""


def parse_file(kind: type[J], file: str | Path, overrides: Texts = (), options: Sequence[Override] = ()) -> J:
    """The job in a file; see `Job.from_toml`. Options of the command replace values as overrides do."""
    path = _local("the job file", file)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise JobFileError(f"{path}: there is no such file; `mvn-dask init {path}` writes one to begin with") from None
    except UnicodeDecodeError as error:
        raise JobFileError(f"{path}: must be text in UTF-8, and byte {error.start} is not: save it as such") from None
    except OSError as error:
        raise JobFileError(f"{path}: cannot be read: {error.strerror}") from None
    content = _parsed(text, path)
    locations = KeyLocations(str(path), key_lines(text), [*parse_overrides(overrides), *options])
    return parse_mapping(kind, content, locations, path.parent)


def _refuse_depth(content: object, label: str) -> None:
    """Refuse what is nested more deeply than any job, which the functions that look into it follow by recursion."""
    values = [content]
    for _ in range(MAX_DEPTH):
        inside: Iterator[Any] = chain.from_iterable(
            value.values() if isinstance(value, Mapping) else value for value in values if isinstance(value, NESTED)
        )
        # Each once: Python can nest a list in itself.
        values = list({id(value): value for value in inside if isinstance(value, NESTED)}.values())
        if not values:
            return
    raise JobFileError(f"{label}: too deep: more than {MAX_DEPTH} tables and lists within one another")


def parse_mapping(kind: type[J], mapping: Mapping[str, Any], locations: KeyLocations, folder: str | Path) -> J:
    """The job in nested mappings and overrides; see `Job.from_mapping`."""
    start = _local("the folder of the job", folder)
    _refuse_depth(mapping, locations.file)
    try:
        content = merged(mapping, locations.overrides)
        _refuse_depth(content, locations.file)
        job = kind.model_validate(content)
    except ValidationError as error:
        raise JobFileError(*_messages(error, locations)) from None
    except ValueError as error:
        raise JobFileError(str(error)) from None
    job._folder, job._label, job._find = start, locations.file, locations.find
    return job


def _local(what: str, path: str | Path) -> Path:
    try:
        return local_path(path)
    except ArgumentError as error:
        raise JobFileError(f"{what} {error}") from error


def _parsed(text: str, path: Path) -> dict[str, Any]:
    try:
        try:
            return tomllib.loads(text)
        except tomllib.TOMLDecodeError:
            raise
        except ValueError:  # Python's limit of 4,300 digits of an integer
            raise JobFileError(*_long_integers(text, path)) from None
    except tomllib.TOMLDecodeError as error:
        found = _TOML_ERROR.fullmatch(str(error))
        where, what = (f"{path}:{found['line']}", found["text"]) if found else (str(path), str(error))
        raise JobFileError(f"{where}: is not TOML: {what}") from None
    except RecursionError:
        raise JobFileError(f"{path}: is not TOML: too deep") from None


def _long_integers(text: str, path: Path) -> Iterator[str]:
    """A line for each integer of a TOML text that Python refuses to read; TOMLDecodeError for what else is wrong."""
    found = list(_LONG_NUMBER.finditer(text))
    # In a text or a float as many digits are allowed. With another number in the place of each, which Python reads,
    # tomllib says which of them are integers.
    numbers = {10**MAX_DIGITS // 2 + place: match for place, match in enumerate(found)}
    marks = iter(numbers)
    integers = {*_integers(tomllib.loads(_LONG_NUMBER.sub(lambda _: str(next(marks)), text)))}
    starts = sorted((line, key) for key, line in key_lines(text).items())
    line, position = 1, 0
    for number, match in numbers.items():
        line, position = line + text.count("\n", position, match.start()), match.start()
        digits = len(match[0].replace("_", ""))
        if number in integers and digits > sys.get_int_max_str_digits():
            above = bisect_right(starts, line, key=itemgetter(0))
            key = starts[above - 1][1] if above else ()
            yield f"{path}:{line}: {'.'.join(key)}: {TOO_MANY_DIGITS}"


def _integers(value: object) -> Iterator[int]:
    """The integers in a TOML value, without their signs."""
    values = [value]
    while values:
        each = values.pop()
        if isinstance(each, dict):
            values += each.values()
        elif isinstance(each, list):
            values += each
        elif isinstance(each, int):
            yield abs(each)


def parse_overrides(texts: Texts) -> list[Override]:
    """Overrides from their texts. Raises JobFileError with a line for each text that is none."""
    found: list[Override] = []
    faults: list[str] = []
    for text in checks.texts("overrides", texts):
        try:
            found.append(parse_override(text))
        except ValueError as error:
            faults.append(str(error))
    if faults:
        raise JobFileError(*faults)
    return found


def parse_override(text: str) -> Override:
    """An override from its text. The value is a TOML value, or else a string.

    Raises ValueError if it is not a key, an equals sign and a value; the message shows nothing that may be secret.

    Examples
    --------
    >>> parse_override("sample.size=1e9").value
    1000000000.0
    >>> parse_override("output.url=s3://bucket/x.zarr").value
    's3://bucket/x.zarr'
    """
    name, sign, value = text.partition("=")
    try:
        if not sign or "\n" in name or "#" in name:
            raise ValueError
        key = parse_key(name)
    except ValueError:
        seen = name if sign and name.isprintable() else "…"
        raise ValueError(f"--set {seen}: must be a key and a value, such as sample.size=1e9") from None
    return Override(key, parse_value(value.strip()), text)


def parse_value(text: str) -> object:
    """A TOML value, or else the text itself.

    >>> parse_value("[1, 2.5]"), parse_value("cov.csv")
    ([1, 2.5], 'cov.csv')
    """
    try:
        table = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    value: object = table["value"]
    # No key of a job takes a date, but a folder may be named like one.
    return text if len(table) > 1 or isinstance(value, (date, time)) else value


def merged(mapping: Mapping[str, Any], overrides: Sequence[Override]) -> dict[str, Any]:
    """A copy of a mapping in which overrides replace values or add keys.

    Raises ValueError if an override is a key inside something that is no table.
    """
    result = _copy(mapping)
    for override in overrides:
        table = result
        for depth, step in enumerate(override.key[:-1], start=1):
            table = table.setdefault(step, {})
            if not isinstance(table, dict):
                above = ".".join(override.key[:depth])
                raise ValueError(f"{override.display()}: {above} is no table, so nothing in it can be set")
        table[override.key[-1]] = override.value
    return result


def _copy(mapping: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _copy(value) if isinstance(value, Mapping) else value for key, value in mapping.items()}


def _messages(error: ValidationError, locations: KeyLocations) -> list[str]:
    """A line for every fault, in the order of the file: location, key, rule and value."""
    found = []
    for each in error.errors(include_url=False):
        # For a union pydantic adds the member's tag to the location; the schema writes its tags in angle brackets.
        key = tuple(str(step) for step in each["loc"] if not str(step).startswith("<"))
        found += [(*locations.find(inner), text) for inner, text in _faults(key, each)]
    return [f"{location}: {text}" for _, location, text in sorted(found, key=lambda fault: fault[0])]


def _faults(key: Key, error: Any) -> Iterator[tuple[Key, str]]:
    own, kind = error.get("ctx", {}).get("error"), error["type"]
    if isinstance(own, ContradictionError):
        yield from (((*key, *name.split(".")), text) for name, text in own.faults)
    elif isinstance(own, ArgumentError):
        yield key, str(own)
    elif kind == "extra_forbidden":
        yield key, "; ".join(filter(None, ("unknown key", suggestion(key))))
    elif kind == "missing":
        yield key, "is required"
    else:
        literals = f"must be {error['ctx']['expected']}".replace("'", '"') if kind == "literal_error" else None
        rule = literals or _RULES.get(kind, str(error["msg"]))
        yield key, f"{rule}{_seen(key, rule, error['input'])}"


def _seen(key: Key, rule: str, value: object) -> str:
    """The value that was given, if it is short and cannot be secret."""
    if is_secret(key) or isinstance(value, dict) or (rule == _RULES["dict_type"] and isinstance(value, str)):
        return ""
    return ", not a list" if isinstance(value, (list, tuple)) else f", not {preview(value)}"
