"""The table ``[sample]``: size, seed, dtype, chunks and bit generator."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from mvn_dask.errors import ArgumentError
from mvn_dask.job.quantities import byte_count, integer
from mvn_dask.job.schema.base import Table
from mvn_dask.job.toml_format import preview

CHUNKS = "128 MiB"
"""What "auto" means: a fixed size, since parts on different machines must cut alike."""


def _naturals(value: object) -> int | tuple[int, ...]:
    if isinstance(value, (list, tuple)):
        if not value:
            raise ArgumentError("must not be an empty list")
        return tuple(integer(item, 0) for item in value)
    return integer(value, 0)


def _lengths(value: object) -> object:
    lengths = _naturals(value)
    if any(length >= 2**63 for length in (lengths if isinstance(lengths, tuple) else (lengths,))):
        raise ArgumentError("must be less than 2**63")
    return lengths


def _chunks(value: object) -> int | str:
    rule = '"auto", a size such as "128 MiB", or rows of a chunk (-1 for all)'
    try:
        rows = integer(value)
    except ArgumentError:
        if not isinstance(value, str):
            raise ArgumentError(f"must be {rule}, not {preview(value)}") from None
    else:
        if rows >= 1 or rows == -1:
            return rows
        raise ArgumentError(f"must be {rule}, not {preview(value)}")
    if value.strip() == "auto":
        return CHUNKS
    try:
        byte_count(value)
    except ArgumentError:
        raise ArgumentError(f"must be {rule}, not {preview(value)}") from None
    return value.strip()


Naturals = Annotated[int | tuple[int, ...], BeforeValidator(_naturals)]
"""An integer of at least 0, or a list of them."""


class SampleTable(Table):
    """Size of the sample, and how it is drawn."""

    size: Annotated[int | tuple[int, ...], BeforeValidator(_lengths)] = Field(
        description="number of rows, or the shape of the sample as a list", examples=[1_000_000, [1000, 365]]
    )
    seed: Naturals = Field(
        description="seed, an integer or a list of them; the same seed gives the same numbers, wherever and in however "
        "many parts they are drawn",
        examples=[42, [2026, 7]],
    )
    dtype: Literal["float64", "float32"] = Field(default="float64", description='"float64" or "float32"')
    chunks: Annotated[int | str, BeforeValidator(_chunks)] = Field(
        default=CHUNKS,
        description=f'size or rows of a chunk on disk, which is also a task; "auto" is "{CHUNKS}". The numbers do not '
        "depend on it",
        examples=[CHUNKS, 65536],
    )
    bit_generator: Literal["SFC64", "PCG64", "PCG64DXSM", "MT19937", "Philox"] = Field(
        default="SFC64", description="numpy's bit generator behind the numbers; SFC64 is the fastest"
    )
