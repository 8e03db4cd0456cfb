"""The table ``[distribution]``: its kind, its parameters as numbers or as files, and how they are factorised."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, Secret

from mvn_dask.errors import ArgumentError
from mvn_dask.job.paths import is_remote, usable_location
from mvn_dask.job.schema.array_values import ArrayValue, FileTable
from mvn_dask.job.schema.base import Faults, Options, Table, Text
from mvn_dask.job.schema.covariance_table import EXAMPLES, CovarianceTable, CovarianceValue, lengths, tuple_of
from mvn_dask.job.schema.data_table import DATA_EXAMPLES, DataTable, DataValue
from mvn_dask.job.schema.marginal_table import MarginalTable, as_marginals
from mvn_dask.job.toml_format import preview


def _as_labels(value: object) -> str | tuple[int | float | str, ...]:
    """A path as it is; a list of numbers or texts as a tuple."""
    if isinstance(value, str):
        usable_location(value)
        return value
    rule = "a list of numbers, a list of texts, or the path of a .npy file"
    labels = tuple_of(value, "numbers or texts, or the path of a .npy file")
    if not all(isinstance(label, (int, float, str)) and not isinstance(label, bool) for label in labels):
        raise ArgumentError(f"must be {rule}, not {preview(list(labels))}")
    if len({isinstance(label, str) for label in labels}) > 1:
        raise ArgumentError(f"must be {rule}, and not both")
    return labels


KEYS_OF_KINDS: dict[str, tuple[str, ...]] = {
    "normal": ("mean", "cov", "correlation", "standard_deviations", "data"),
    "t": ("location", "shape", "data", "df"),
    "gaussian-copula": ("correlation", "data", "marginals", "exact"),
}
"""Keys that are parameters of each kind."""
ESTIMATED_KEYS: dict[str, tuple[str, ...]] = {
    "normal": ("mean", "cov", "correlation", "standard_deviations"),
    "t": ("location", "shape"),
    "gaussian-copula": ("correlation",),
}
"""Those that data are given in place of."""
LabelsValue = Annotated[Any, BeforeValidator(_as_labels)]
"""Labels along an axis: numbers or texts, or a file of numbers, times or texts."""


class DistributionTable(Table):
    """A distribution, and how its covariance is checked and factorised."""

    kind: Literal["normal", "t", "gaussian-copula"] = Field(
        default="normal",
        description='"normal" takes mean and cov, or correlation and standard_deviations; "t" location, shape and df; '
        '"gaussian-copula" correlation and marginals',
        examples=["normal", "t", "gaussian-copula"],
    )
    mean: ArrayValue | None = Field(
        default=None,
        description="mean of every variable: a number for all variables, a list, or a file",
        examples=[[0.01, 0.02], "mean.npy", 0.0],
    )
    cov: CovarianceValue | None = Field(
        default=None,
        description="covariance: one variance for all, a list of variances, a matrix, a file of these or of a sparse "
        "matrix (.npz of scipy.sparse), or a table whose `kind` is its structure",
        examples=[
            [[0.04, 0.01], [0.01, 0.09]],
            "cov.csv",
            {"path": "inputs.npz", "key": "cov"},
            "s3://bucket/inputs.zarr/cov",
            *EXAMPLES.values(),
        ],
    )
    correlation: ArrayValue | None = Field(
        default=None,
        description="instead of cov, together with standard_deviations: matrix of correlations; of "
        '"gaussian-copula" those of the normal scores',
        examples=["correlation.parquet"],
    )
    standard_deviations: ArrayValue | None = Field(
        default=None,
        description="instead of cov, together with correlation: standard deviations, or one for all variables",
        examples=[[0.2, 0.3]],
    )
    data: DataValue | None = Field(
        default=None,
        description="instead of mean and cov: rows of data, of which both are estimated; a path, or a table. Of "
        '"t", beside df, location and shape are those of that mean and covariance; of "gaussian-copula", beside '
        "marginals, the correlations are estimated of the ranks",
        examples=DATA_EXAMPLES,
    )
    location: ArrayValue | None = Field(
        default=None, description='of "t": location of every variable, as mean is written', examples=[[0.01, 0.02]]
    )
    shape: CovarianceValue | None = Field(
        default=None,
        description='of "t": shape matrix, as cov is written; the covariance is df / (df - 2) times it',
        examples=["shape.npy", {"kind": "toeplitz", "first_column": [1.0, 0.5]}],
    )
    df: float | None = Field(default=None, description='of "t": degrees of freedom, at least 0.125', examples=[5.0])
    marginals: Annotated[tuple[MarginalTable, ...], BeforeValidator(as_marginals)] | None = Field(
        default=None,
        description='of "gaussian-copula": the law of each variable as a list of tables, or one table for all: '
        "continuous distributions of scipy.stats",
        examples=[[{"name": "lognorm", "s": 0.5, "loc": 1.0, "scale": 2.0}, {"name": "t", "df": 4.0}]],
    )
    exact: bool = Field(
        default=False,
        description='of "gaussian-copula": whether scipy computes every quantile, in place of tables of them',
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
    event_shape: Annotated[int | tuple[int, ...], BeforeValidator(lambda value: lengths(value, 1))] | None = Field(
        default=None,
        description="shape of one draw, of all variables in C order; by default that of the mean or of the covariance",
        examples=[[20, 30]],
    )
    dims: Annotated[tuple[Text, ...], BeforeValidator(lambda value: tuple_of(value, "texts"))] | None = Field(
        default=None, description="names of the axes of a draw, for stores and xarray", examples=[["lat", "lon"]]
    )
    coords: dict[Text, LabelsValue] | None = Field(
        default=None,
        description="labels along axes of a draw, by their names: a list of numbers or of texts, or a .npy file of "
        "numbers, times or texts",
        examples=[{"lat": [50.0, 50.5, 51.0], "lon": "lon.npy"}],
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
        faults = self._missing_or_unused()
        remote = any(is_remote(file.path) for file in _files(self))
        if self.storage_options.get_secret_value() and not remote:
            faults.append(("storage_options", "go with a URL, and no array here has one"))
        if not 0 <= self.tol < float("inf"):
            faults.append(("tol", f"must be finite and not negative, not {preview(self.tol)}"))
        may_have_axes = self.event_shape is not None or isinstance(self.cov or self.shape, CovarianceTable)
        for key, value in (("mean", self.mean), ("location", self.location)):
            if isinstance(value, tuple) and isinstance(value[0], tuple) and not may_have_axes:
                faults.append((key, "must be a number or a list of numbers, not a matrix, unless event_shape says so"))
        faults += _dimension_faults(self.dims or ())
        return faults

    def _missing_or_unused(self) -> Faults:
        """Keys that the kind requires, and those that mean nothing with it."""
        takes = KEYS_OF_KINDS[self.kind]
        given = {key for keys in KEYS_OF_KINDS.values() for key in keys if _is_given(getattr(self, key))}
        which = f'kind = "{self.kind}", which takes {", ".join(takes)}'
        faults = [(key, f"means nothing with {which}") for key in sorted(given - set(takes))]
        estimated = ESTIMATED_KEYS[self.kind]
        if self.data is not None:
            twice = [key for key in estimated if key in given]
            faults += [(key, "must not be given beside data, of which it is estimated") for key in twice]
            if self.kind == "t" and self.df is not None and not self.df > 2:
                rule = "must be greater than 2 beside data, since the covariance of which is infinite with fewer"
                faults.append(("df", f"{rule}: it is {self.df:g}. Give location and shape"))
        if self.kind != "normal":
            required = [key for key in takes if key not in {"exact", "data"}]
            missing = [key for key in required if key not in given and not (self.data and key in estimated)]
            or_data = dict.fromkeys(estimated, ", or data")
            text = f'is required with kind = "{self.kind}"'
            return faults + [(key, f"{text}{or_data.get(key, '')}") for key in missing]
        if self.data is not None:
            return faults
        faults += [] if "mean" in given else [("mean", "is required, or data")]
        parts = [key for key in ("correlation", "standard_deviations") if key in given]
        if self.cov is not None:
            return faults + [(key, "must not be given beside cov: it is one or the other") for key in parts]
        if not parts:
            return [*faults, ("cov", "is required, or correlation and standard_deviations, or data")]
        both = ("correlation", "standard_deviations")
        return faults + [(key, f"is required beside {parts[0]}") for key in both if key not in parts]


def _is_given(value: object) -> bool:
    return value is not None and value is not False


def _files(value: object) -> Iterator[FileTable | DataTable]:
    """The files that a value names, however deep inside it."""
    if isinstance(value, (FileTable, DataTable)):
        yield value
    elif isinstance(value, (DistributionTable, CovarianceTable)):
        for _, inner in value:
            yield from _files(inner)
    elif isinstance(value, tuple):
        for inner in value:
            yield from _files(inner)


def _dimension_faults(dims: tuple[str, ...]) -> Faults:
    # Imports numpy, which `--help` does without.
    from mvn_dask.store.format.array_layout import DIMENSION_RULE, may_name_dimension

    return [("dims", f"{DIMENSION_RULE}: {preview(dim)} is none") for dim in dims if not may_name_dimension(dim)][:1]
