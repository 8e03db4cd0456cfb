"""The table ``[distribution]``: mean and covariance, as numbers or as files, and how they are factorised."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Secret, Tag, model_serializer

from mvn_dask.errors import ArgumentError
from mvn_dask.job.paths import is_remote
from mvn_dask.job.schema.base import Faults, Options, PathOrUrl, Table, Text
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


def _as_file(value: object) -> object:
    return {"path": value} if isinstance(value, str) else value


def _as_numbers(value: object, *, depth: int = 2) -> Any:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            raise ArgumentError(f"must be a number that float64 can hold, not {preview(value)}") from None
    if isinstance(value, (list, tuple)) and depth:
        if not value:
            raise ArgumentError("must not be empty")
        items = tuple(_as_numbers(item, depth=depth - 1) for item in value)
        if len({isinstance(item, tuple) for item in items}) > 1:
            raise ArgumentError("must be a list of numbers or a list of such lists, and not both")
        return items
    raise ArgumentError(f"must hold numbers only, and {preview(value)} is none")


def _tag(value: object) -> str | None:
    if isinstance(value, (str, dict, FileTable)):
        return "<file>"
    if isinstance(value, (int, float, list, tuple)) and not isinstance(value, bool):
        return "<numbers>"
    return None


ArrayValue = Annotated[
    Annotated[FileTable, BeforeValidator(_as_file), Tag("<file>")]
    | Annotated[InlineArray, BeforeValidator(_as_numbers), Tag("<numbers>")],
    Discriminator(
        _tag,
        custom_error_type="array",
        custom_error_message="must be a path or URL, a table with `path` and `key`, a number, or a list of numbers",
    ),
]
"""A scalar, a vector or a matrix: numbers, or a file."""


class DistributionTable(Table):
    """Mean and covariance, and how the covariance is checked and factorised."""

    mean: ArrayValue = Field(
        description="mean of every variable: a number for all variables, a list, or a file",
        examples=[[0.01, 0.02], "mean.npy", 0.0],
    )
    cov: ArrayValue | None = Field(
        default=None,
        description="covariance: one variance for all, a list of variances, a matrix, or a file of these",
        examples=[
            [[0.04, 0.01], [0.01, 0.09]],
            "cov.csv",
            {"path": "inputs.npz", "key": "cov"},
            "s3://bucket/inputs.zarr/cov",
        ],
    )
    correlation: ArrayValue | None = Field(
        default=None,
        description="instead of cov, together with standard_deviations: matrix of correlations",
        examples=["correlation.parquet"],
    )
    standard_deviations: ArrayValue | None = Field(
        default=None,
        description="instead of cov, together with correlation: standard deviations, or one for all variables",
        examples=[[0.2, 0.3]],
    )
    method: Literal["auto", "svd", "eigh", "cholesky"] = Field(
        default="auto",
        description='how a matrix is factorised: "auto" (Cholesky\'s method where it can be, right in any units), '
        '"svd" (numpy\'s default), "eigh" or "cholesky"',
    )
    check_valid: Literal["warn", "raise", "ignore"] = Field(
        default="raise",
        description="what to do if cov is not symmetric and positive semidefinite, or its factor misses a variance: "
        '"warn", "raise" or "ignore"',
    )
    tol: float = Field(
        default=1e-8, description="tolerance of that check, in products of the standard deviations of two variables"
    )
    storage_options: Options = Field(
        default=Secret({}),
        description="credentials and other options for URLs above, as obstore takes them; the usual environment "
        "variables work without",
        examples=[
            {"region": "eu-central-1"},
            {"timeout": 60, "retry_config": {"max_retries": 5, "retry_timeout": 180}},
        ],
    )

    def contradictions(self) -> Faults:
        parts = {"correlation": self.correlation, "standard_deviations": self.standard_deviations}
        given = [key for key, value in parts.items() if value is not None]
        if self.cov is not None:
            faults = [(key, "must not be given beside cov: it is one or the other") for key in given]
        elif given:
            faults = [(key, f"is required beside {given[0]}") for key in parts if key not in given]
        else:
            faults = [("cov", "is required, or correlation and standard_deviations")]
        arrays = (self.mean, self.cov, self.correlation, self.standard_deviations)
        remote = any(isinstance(each, FileTable) and is_remote(each.path) for each in arrays)
        if self.storage_options.get_secret_value() and not remote:
            faults.append(("storage_options", "go with a URL, and no array here has one"))
        if not 0 <= self.tol < float("inf"):
            faults.append(("tol", f"must be finite and not negative, not {preview(self.tol)}"))
        if isinstance(self.mean, tuple) and isinstance(self.mean[0], tuple):
            faults.append(("mean", "must be a number or a list of numbers, not a matrix"))
        return faults
