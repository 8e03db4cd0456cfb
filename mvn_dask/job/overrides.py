"""Values that are set beside a job file. Input: texts such as ``sample.size=1e9``; output: keys and values to merge."""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, time
from typing import Any

from mvn_dask.job.key_locations import Override, parse_key
from mvn_dask.job.keys import dotted


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
    return Override(key, _parse_value(value.strip()), text)


def _parse_value(text: str) -> object:
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
                above = dotted(override.key[:depth])
                raise ValueError(f"{override.display()}: {above} is no table, so nothing in it can be set")
        table[override.key[-1]] = override.value
    return result


def _copy(mapping: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _copy(value) if isinstance(value, Mapping) else value for key, value in mapping.items()}
