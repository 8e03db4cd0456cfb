"""Values of a job file that are arrays: a scalar, a vector or a matrix, as numbers or as a file."""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_serializer

from mvn_dask.errors import ArgumentError
from mvn_dask.job.schema.base import PathOrUrl, Table, Text
from mvn_dask.job.toml_format import preview

InlineArray = float | tuple[float, ...] | tuple[tuple[float, ...], ...]
"""Numbers in the job file itself: a scalar, a vector, or a matrix."""


class FileTable(Table):
    """An array in a file."""

    path: PathOrUrl = Field(
        description="a .npy, .npz, .csv or .parquet file, or a Zarr array or group (folder or URL); a relative path "
        "starts at the folder of the job file; ~ and ${NAME} are expanded"
    )
    key: Text | None = Field(
        default=None,
        description="name of the array inside a .npz file or a Zarr group; where it is left out, the only array, or "
        "the one named as the key of the job file",
    )

    @model_serializer(mode="wrap")
    def _short(self, default: Callable[[Any], Any]) -> Any:
        """A file without a key as its path alone."""
        return default(self) if self.key is not None else self.path


def as_file(value: object) -> object:
    """A text as the table of a file; anything else as it is."""
    return {"path": value} if isinstance(value, str) else value


FROM_PATH = BeforeValidator(as_file)
"""Beside the type of a table in Annotated: the path of a file may stand for it."""


def as_numbers(value: object, *, depth: int = 2) -> Any:
    """Numbers as floats, lists as tuples. Raises ArgumentError for anything else."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            raise ArgumentError(f"must be a number that float64 can hold, not {preview(value)}") from None
    if isinstance(value, (list, tuple)) and depth:
        if not value:
            raise ArgumentError("must not be empty")
        items = tuple(as_numbers(item, depth=depth - 1) for item in value)
        if len({isinstance(item, tuple) for item in items}) > 1:
            raise ArgumentError("must be a list of numbers or a list of such lists, and not both")
        return items
    raise ArgumentError(f"must hold numbers only, and {preview(value)} is none")


def array_tag(value: object) -> str | None:
    """Which kind of array a value is, as pydantic wants it named."""
    if isinstance(value, (str, dict, FileTable)):
        return "<file>"
    if isinstance(value, (int, float, list, tuple)) and not isinstance(value, bool):
        return "<numbers>"
    return None


ArrayValue = Annotated[
    Annotated[FileTable, FROM_PATH, Tag("<file>")]
    | Annotated[InlineArray, BeforeValidator(as_numbers), Tag("<numbers>")],
    Discriminator(
        array_tag,
        custom_error_type="array",
        custom_error_message="must be a path or URL, a table with `path` and `key`, a number, or a list of numbers",
    ),
]
"""A scalar, a vector or a matrix: numbers, or a file."""
