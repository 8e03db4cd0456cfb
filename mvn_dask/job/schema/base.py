"""Base class and value types of the tables of a job file: strict, frozen pydantic models."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Secret, SerializationInfo, model_validator
from pydantic.functional_serializers import PlainSerializer
from pydantic.functional_validators import AfterValidator, BeforeValidator

from mvn_dask.errors import ArgumentError
from mvn_dask.job.paths import is_remote, plain_text, usable_location
from mvn_dask.job.quantities import byte_count, integer
from mvn_dask.readable import MAX_DIGITS

_CONTROL_OR_SURROGATE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")

Faults = list[tuple[str, str]]
"""Keys of a table, each with what is wrong with it."""


class Table(BaseModel):
    """A table of a job file: frozen, without unknown keys or conversions of types."""

    # Inputs may be secret or huge, so pydantic's own messages must not show them.
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", hide_input_in_errors=True)

    def contradictions(self) -> Faults:
        """Faults of more than one key."""
        return []

    @model_validator(mode="after")
    def _refuse_contradictions(self) -> Self:
        if faults := self.contradictions():
            raise ContradictionError(faults)
        return self


class ContradictionError(ArgumentError):
    """Keys of a table that exclude or require each other."""

    def __init__(self, faults: Faults) -> None:
        super().__init__("; ".join(f"{key}: {text}" for key, text in faults))
        self.faults = faults


def _plain_text(text: str) -> str:
    return plain_text(text, _CONTROL_OR_SURROGATE)


def _valid_location(text: str) -> str:
    usable_location(text)
    return text


def _valid_file(text: str) -> str:
    if is_remote(text):
        raise ArgumentError("must be a path of this machine, not a URL")
    return text


def _plain_values(options: dict[str, Any]) -> dict[str, Any]:
    if odd := [key for key, value in options.items() if not _is_plain(value)]:
        kinds = f"texts, numbers of at most {MAX_DIGITS} digits, true and false, lists and tables"
        raise ArgumentError(f"must hold {kinds}: {odd[0]} is none of these")
    return options


def _is_plain(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and _is_plain(inner) for key, inner in value.items())
    if isinstance(value, (list, tuple)):
        return all(map(_is_plain, value))
    return isinstance(value, (str, float)) or (isinstance(value, int) and abs(value) < 10**MAX_DIGITS)


def _serialize_secret(options: Secret[Any], info: SerializationInfo) -> Any:
    if info.context == REVEAL_SECRETS:
        return options.get_secret_value()
    return str(options) if info.mode_is_json() else options


REVEAL_SECRETS = "reveal secrets"
"""Context of `model_dump` in which options are written out."""
Text = Annotated[str, AfterValidator(_plain_text)]
"""A text that is not blank."""
PathOrUrl = Annotated[str, AfterValidator(_valid_location)]
"""A path, or a URL without credentials, as `location_of` reads it: it stays as it is written, for other machines."""
FilePath = Annotated[str, AfterValidator(_valid_file)]
"""A path, as `location_of` reads it."""
Natural = Annotated[int, BeforeValidator(lambda value: integer(value, 0))]
"""An integer of at least 0, in any notation."""
Positive = Annotated[int, BeforeValidator(lambda value: integer(value, 1))]
"""An integer of at least 1, in any notation."""
ByteCount = Annotated[int, BeforeValidator(byte_count)]
"""A number of bytes, or a text such as "2 GiB"."""
Options = Annotated[
    Secret[Annotated[dict[str, Any], AfterValidator(_plain_values)]], PlainSerializer(_serialize_secret)
]
"""Keyword arguments of another library. They may be credentials: they are shown by `get_secret_value` alone."""
