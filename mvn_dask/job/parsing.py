"""Parsing of job files. Input: a TOML file or nested mappings; output: a `Job`, or an error with a line per fault."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from mvn_dask.errors import JobFileError
from mvn_dask.job.key_locations import KeyLocations, Override, key_lines
from mvn_dask.job.overrides import merged, parse_override
from mvn_dask.job.schema.job_spec import JobSpec
from mvn_dask.job.validation_messages import validation_messages

J = TypeVar("J", bound=JobSpec)

_TOML_ERROR = re.compile(r"(?P<text>.*) \(at line (?P<line>\d+), column (?P<column>\d+)\)")


def parse_file(kind: type[J], path: Path, overrides: Sequence[str] = ()) -> J:
    """The job in a file; see `Job.from_toml`."""
    text = _text(path)
    locations = KeyLocations(str(path), key_lines(text), _overrides(overrides))
    return _validated(kind, _parsed(text, path), locations, path.parent)


def parse_mapping(
    kind: type[J], mapping: Mapping[str, Any], overrides: Sequence[str] = (), *, folder: Path, label: str
) -> J:
    """The job in nested mappings; see `Job.from_mapping`."""
    return _validated(kind, mapping, KeyLocations(label, {}, _overrides(overrides)), folder)


def _validated(kind: type[J], mapping: Mapping[str, Any], locations: KeyLocations, folder: Path) -> J:
    try:
        job = kind.model_validate(merged(mapping, locations.overrides))
    except ValidationError as error:
        raise JobFileError("\n".join(validation_messages(error, locations))) from None
    except ValueError as error:
        raise JobFileError(str(error)) from None
    job._folder, job._label = folder, locations.file
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
        found = _TOML_ERROR.fullmatch(str(error))
        where, what = (f"{path}:{found['line']}", found["text"]) if found else (str(path), str(error))
        raise JobFileError(f"{where}: is not TOML: {what}") from None
    except RecursionError:
        raise JobFileError(f"{path}: is not TOML: too deep") from None
    except ValueError as error:  # Python's limit of 4,300 digits of an integer
        raise JobFileError(f"{path}: {error}") from None


def _overrides(texts: Sequence[str]) -> list[Override]:
    found: list[Override] = []
    faults: list[str] = []
    for text in texts:
        try:
            found.append(parse_override(text))
        except ValueError as error:
            faults.append(str(error))
    if faults:
        raise JobFileError("\n".join(faults))
    return found
