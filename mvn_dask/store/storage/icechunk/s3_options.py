"""From the `storage_options` of ``s3://`` URLs to what icechunk takes of them.

Input: options, spelled as `object_options` reads them. Output: arguments of ``icechunk.s3_storage``, and settings for
its requests; errors name the option, and show no value, any of which may be secret. Cost: none.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from mvn_dask.errors import StorageOptionsError
from mvn_dask.store.storage.object_options import obstore_options

_NAMES = {
    "access_key_id": "access_key_id",
    "secret_access_key": "secret_access_key",
    "session_token": "session_token",
    "token": "session_token",
    "region": "region",
    "endpoint": "endpoint_url",
    "endpoint_url": "endpoint_url",
    "allow_http": "allow_http",
    "skip_signature": "anonymous",
    "virtual_hosted_style_request": "virtual_hosted",
}
_TRUTHS = {"allow_http", "skip_signature", "virtual_hosted_style_request"}
_TIMES = {
    "timeout": "operation_attempt_timeout_ms",
    "connect_timeout": "connect_timeout_ms",
    "read_timeout": "read_timeout_ms",
}
_BACKOFFS = {"init_backoff": "initial_backoff_ms", "max_backoff": "max_backoff_ms"}
_OF_VERSION_2 = {*_TIMES, "retry_config"}


def s3_arguments(options: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of ``icechunk.s3_storage`` from the `storage_options` of ``s3://`` URLs.

    Raises StorageOptionsError with the name of an option that icechunk has nothing for.

    Examples
    --------
    >>> s3_arguments({"endpoint": "http://localhost:9000", "allow_http": True, "skip_signature": True})
    {'endpoint_url': 'http://localhost:9000', 'anonymous': True, 'allow_http': True, 'force_path_style': True}
    """
    found: dict[str, Any] = {}
    for name, value in _flat(options).items():
        plain = name.lower().removeprefix("aws_")
        if plain in _OF_VERSION_2:
            continue
        if plain not in _NAMES:
            raise StorageOptionsError(
                f"icechunk+s3:// takes the options {', '.join(sorted({*_NAMES, *_OF_VERSION_2}))}, and not {name!r}: "
                "open the repository with icechunk, and give that"
            )
        found[_NAMES[plain]] = _truth(name, value) if plain in _TRUTHS else _text(name, value)
    halves = {"access_key_id", "secret_access_key"} & found.keys()
    if len(halves) == 1:
        raise StorageOptionsError(f"icechunk+s3:// takes access_key_id and secret_access_key, not {halves.pop()} alone")
    if "virtual_hosted" in found:
        found["force_path_style"] = not found.pop("virtual_hosted")
    elif "endpoint_url" in found:
        found["force_path_style"] = True
    if not {"access_key_id", "anonymous"} & found.keys():
        found["from_env"] = True
    return found


def request_settings(options: Mapping[str, Any]) -> Any | None:
    """Icechunk's settings for requests, from ``retry_config`` and times; None where there are none of these.

    Raises StorageOptionsError with the name of one that icechunk, or its version, has nothing for.
    """
    import icechunk

    given = {name: value for name, value in _flat(options).items() if name in _OF_VERSION_2}
    if not given:
        return None
    times: Any = getattr(icechunk, "StorageTimeoutSettings", None)
    if times is None:
        # Version 1 opens a repository with settings of its own, whatever it is given.
        raise StorageOptionsError(
            f"icechunk {icechunk.__version__} has its own {min(given)}: leave it out, or install icechunk 2 or later"
        )
    settings: Any = icechunk.StorageSettings()
    if retries := _retries(given.pop("retry_config", {})):
        settings.retries = icechunk.StorageRetriesSettings(**retries)
    if given:
        settings.timeouts = times(**{_TIMES[name]: int(text.removesuffix("ms")) for name, text in given.items()})
    return settings


def _retries(given: Mapping[str, Any]) -> dict[str, int]:
    backoff = given.get("backoff", {})
    for name in ("retry_timeout", "base"):
        if name in given or name in backoff:
            raise StorageOptionsError(
                f"icechunk+s3:// takes max_retries of `retry_config`, and init_backoff and max_backoff, not {name}"
            )
    found = {_BACKOFFS[name]: value // timedelta(milliseconds=1) for name, value in backoff.items()}
    return {**({"max_tries": given["max_retries"] + 1} if "max_retries" in given else {}), **found}


def _flat(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options of the client beside the others, and all spans of time in one spelling."""
    try:
        given = obstore_options(options)
    except ValueError as error:
        raise StorageOptionsError(f"icechunk+s3://: `storage_options` are not understood: {error}") from None
    client = given.pop("client_options", {})
    return {**given, **client}


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise StorageOptionsError(f"the option {name!r} must be text, not {type(value).__name__}")
    return value


def _truth(name: str, value: object) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).lower()
    if text not in {"true", "false", "1", "0"}:
        raise StorageOptionsError(f"the option {name!r} must be true or false")
    return text in {"true", "1"}
