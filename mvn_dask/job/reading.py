"""From a job file to a `Job`, or to an error with a line for every fault."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from mvn_dask.errors import JobFileError
from mvn_dask.job.faults import fault_lines
from mvn_dask.job.overrides import as_override, merged
from mvn_dask.job.places import Override, Places, key_lines
from mvn_dask.job.schema.specification import Specification

J = TypeVar("J", bound=Specification)

_LINE = re.compile(r"(?P<text>.*) \(at line (?P<line>\d+), column (?P<column>\d+)\)")


def read_job(kind: type[J], path: Path, overrides: Sequence[str] = ()) -> J:
    """The job in a file; see `Job.from_toml`."""
    text = _text(path)
    given = _overrides(overrides)
    places = Places(str(path), key_lines(text), given)
    return _validated(kind, _parsed(text, path), places, path.parent)


def as_job(kind: type[J], mapping: Mapping[str, Any], overrides: Sequence[str] = (), *, folder: Path, place: str) -> J:
    """The job in nested mappings; see `Job.from_mapping`."""
    return _validated(kind, mapping, Places(place, {}, _overrides(overrides)), folder)


def _validated(kind: type[J], mapping: Mapping[str, Any], places: Places, folder: Path) -> J:
    try:
        job = kind.model_validate(merged(mapping, places.overrides))
    except ValidationError as error:
        raise JobFileError("\n".join(fault_lines(error, places))) from None
    except ValueError as error:
        raise JobFileError(str(error)) from None
    job._folder, job._place = folder, places.name
    return job


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise JobFileError(f"{path}: there is no such file; `mvn-dask init {path}` writes one to begin with") from None
    except UnicodeDecodeError as error:
        raise JobFileError(f"{path}: must be text in UTF-8, and byte {error.start} is not") from None
    except OSError as error:
        raise JobFileError(f"{path}: cannot be read: {error.strerror}") from None


def _parsed(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _LINE.fullmatch(str(error))
        where, what = (f"{path}:{found['line']}", found["text"]) if found else (str(path), str(error))
        raise JobFileError(f"{where}: is not TOML: {what}") from None
    except RecursionError:
        raise JobFileError(f"{path}: is not TOML: too deep") from None
    except ValueError as error:
        # An integer of thousands of digits.
        raise JobFileError(f"{path}: {error}") from None


def _overrides(texts: Sequence[str]) -> list[Override]:
    found: list[Override] = []
    faults: list[str] = []
    for text in texts:
        try:
            found.append(as_override(text))
        except ValueError as error:
            faults.append(str(error))
    if faults:
        raise JobFileError("\n".join(faults))
    return found
