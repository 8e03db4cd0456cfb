"""From `storage_options` to the arguments of ``obstore.store.from_url``.

Input: options as Python, TOML and a command line spell them: options of the HTTP client beside the others or in
``client_options``, spans of time as seconds or as "30s", ``retry_config`` of plain numbers. Output: arguments that
obstore takes; it panics for an option of the client that stands beside the others, and passes over what it does not
know of retries. Cost: none.
"""

import os
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

CLIENT_SPANS = {
    "connect_timeout", "http2_keep_alive_interval", "http2_keep_alive_timeout", "pool_idle_timeout", "read_timeout",
    "timeout",
}  # fmt: skip
"""Options of the client that are spans of time."""
CLIENT_OPTIONS = CLIENT_SPANS | {
    "allow_http", "allow_invalid_certificates", "default_content_type", "default_headers", "http1_only",
    "http2_keep_alive_while_idle", "http2_max_frame_size", "http2_only", "pool_max_idle_per_host",
    "proxy_ca_certificate", "proxy_excludes", "proxy_url", "randomize_addresses", "root_certificate", "user_agent",
}  # fmt: skip
"""Options of the HTTP client, which obstore takes inside ``client_options`` alone."""
RETRY_OPTIONS = {"max_retries", "retry_timeout", "backoff"}
"""Options inside ``retry_config``."""
BACKOFF_OPTIONS = {"init_backoff", "max_backoff", "base"}
"""Options inside ``backoff`` of ``retry_config``."""

_PREFIXES = {"s3": "AWS_", "s3a": "AWS_", "gs": "GOOGLE_"}
"""How the variables of the environment begin, by the scheme of a URL; those of all others are Azure's."""
_UNITS = {"ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def obstore_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of ``obstore.store.from_url``.

    Raises ValueError with the name of an option that has an impossible value, is unknown or stands in two places; the
    message shows no value, any of which may be secret.

    Examples
    --------
    >>> obstore_options({"region": "eu", "allow_http": True, "timeout": 30})
    {'region': 'eu', 'client_options': {'allow_http': True, 'timeout': '30000ms'}}
    """
    options = _table("storage_options", options)
    found = {name: value for name, value in options.items() if name.lower() not in CLIENT_OPTIONS}
    client = {name.lower(): value for name, value in options.items() if name not in found}
    for name in found.keys() - {"client_options", "retry_config"}:
        if _is_number(found[name]):
            raise ValueError(f"{name} must be text")
    if client or "client_options" in found:
        inside = _table("client_options", found.get("client_options", {}))
        if twice := sorted(client.keys() & inside.keys()):
            raise ValueError(f"{twice[0]} stands beside client_options and in it")
        found["client_options"] = {name: _client_option(name, value) for name, value in {**client, **inside}.items()}
    if "retry_config" in found:
        found["retry_config"] = _retry_config(_table("retry_config", found["retry_config"], RETRY_OPTIONS))
    return found


def environment_options(scheme: str) -> dict[str, Any]:
    """Options of the HTTP client in the environment, as AWS_ALLOW_HTTP, at which obstore looks only if none is given.

    Raises ValueError for an impossible value.
    """
    prefix = _PREFIXES.get(scheme, "AZURE_")
    found = {name: os.environ.get(f"{prefix}{name.upper()}") for name in CLIENT_OPTIONS}
    return {name: _client_option(name, value) for name, value in found.items() if value is not None}


def _table(name: str, value: object, known: set[str] | None = None) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(f"{name} must be a table")
    if other := [key for key in value if not isinstance(key, str)]:
        raise ValueError(f"names in {name} must be text, and one of them is of type {type(other[0]).__name__}")
    if known is not None and (unknown := sorted(value.keys() - known)):
        raise ValueError(f"{name} takes {', '.join(sorted(known))}, and not {unknown[0]!r}")
    return dict(value)


def _client_option(name: str, value: Any) -> Any:
    if name in CLIENT_SPANS:
        # As text, since some options take no timedelta.
        return f"{_span(name, value) // timedelta(milliseconds=1)}ms"
    return str(value) if _is_number(value) else value


def _retry_config(given: dict[str, Any]) -> dict[str, Any]:
    if "max_retries" in given:
        given["max_retries"] = _natural("max_retries", given["max_retries"])
    if "retry_timeout" in given:
        given["retry_timeout"] = _span("retry_timeout", given["retry_timeout"])
    if "backoff" in given:
        backoff = _table("backoff", given["backoff"], BACKOFF_OPTIONS)
        for name in backoff.keys() - {"base"}:
            backoff[name] = _span(name, backoff[name])
        if "base" in backoff and not _is_number(backoff["base"]):
            raise ValueError("base must be a number")
        given["backoff"] = backoff
    return given


def _natural(name: str, value: Any) -> int:
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        value = int(value)
    if type(value) is not int or not 0 <= value < 2**31:
        raise ValueError(f"{name} must be an integer, not negative")
    return value


def _span(name: str, value: Any) -> timedelta:
    """A span of time from seconds, or from a number and a unit."""
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str):
        number = value.strip()
        unit = number.lstrip("+0123456789.") if number else ""
        try:
            value = float(number.removesuffix(unit)) * _UNITS[unit.strip() or "s"]
        except (ValueError, KeyError):
            value = None
    if not _is_number(value) or not 0 <= value < 1e9:
        raise ValueError(f"{name} must be seconds, or a span such as '30s', '500ms' or '2m'")
    return timedelta(seconds=value)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
