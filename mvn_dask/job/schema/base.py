"""What the tables of a job file have in common."""

import re
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Secret

from mvn_dask.errors import ArgumentError
from mvn_dask.job.quantities import integer, nbytes

_REMOTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


class Table(BaseModel):
    """A table of a job file: frozen, without keys that nobody knows, and of the types it says."""

    # Inputs may be secret, or huge: an error that nobody translated must not show them.
    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        validate_default=False,
        hide_input_in_errors=True,
        allow_inf_nan=True,
    )


class ContradictionError(ArgumentError):
    """Keys of a table that do not go together; each fault is a key and what is wrong with it."""

    def __init__(self, *faults: tuple[str, str]) -> None:
        super().__init__("; ".join(f"{key}: {text}" for key, text in faults))
        self.faults = faults


def is_remote(text: str) -> bool:
    """Whether a text is a URL of anything but a file.

    Examples
    --------
    >>> is_remote("s3://bucket/x.zarr"), is_remote("x.zarr"), is_remote("file:///x.zarr")
    (True, False, False)
    """
    return _REMOTE.match(text) is not None and not text.lower().startswith("file:")


def _plain_text(text: str) -> str:
    if not text.strip() or _CONTROL.search(text):
        raise ArgumentError("must be text, not empty, and without control characters")
    return text


def _place(text: str) -> str:
    parts = urlsplit(text) if is_remote(text) else None
    # abfs://container@account.dfs.core.windows.net is how Azure spells a container.
    if parts and (parts.password or parts.query or (parts.username and not parts.scheme.startswith("abfs"))):
        raise ArgumentError("must hold no credentials or queries: give them as storage_options")
    return text


def _plain_values(options: dict[str, Any]) -> dict[str, Any]:
    for key, value in options.items():
        if not _is_plain(value):
            raise ArgumentError(f"must hold texts, numbers, true and false, lists and tables: {key} is none of these")
    return options


def _is_plain(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and _is_plain(inner) for key, inner in value.items())
    if isinstance(value, (list, tuple)):
        return all(map(_is_plain, value))
    return isinstance(value, (str, int, float))


Text = Annotated[str, AfterValidator(_plain_text)]
"""A text with something in it."""
Place = Annotated[Text, AfterValidator(_place)]
"""A path, or a URL without credentials."""
Natural = Annotated[int, BeforeValidator(lambda value: integer(value, 0))]
"""An integer of at least 0, whichever way it is written."""
Positive = Annotated[int, BeforeValidator(lambda value: integer(value, 1))]
"""An integer of at least 1, whichever way it is written."""
Bytes = Annotated[int, BeforeValidator(nbytes)]
"""A number of bytes, or a text such as "2 GiB"."""
Options = Secret[Annotated[dict[str, Any], AfterValidator(_plain_values)]]
"""Keyword arguments for other libraries. They may be secret: only `get_secret_value` gives them."""
