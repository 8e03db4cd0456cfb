"""A covariance of some structure: the table ``[distribution.cov]``, and those inside it.

Input: a table whose `kind` is a class of `mvn_dask.covariance` in kebab-case, and whose other keys are named as its
arguments. Output: the same, checked but for the numbers. Cost: that of the numbers in the job file.
"""

import re
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag

from mvn_dask.errors import ArgumentError
from mvn_dask.job.quantities import integer
from mvn_dask.job.schema.array_values import ArrayValue, FileTable, InlineArray, array_tag, as_file, as_numbers
from mvn_dask.job.schema.base import Faults, Table, Text
from mvn_dask.job.toml_format import preview

Kind = Literal[
    "dense", "diagonal", "factored", "low-rank", "from-correlation", "scaled", "kronecker", "block-diagonal", "banded",
    "precision", "sparse", "stationary-grid", "toeplitz", "circulant",
]  # fmt: skip
NESTED_KEYS = ("members", "covariance", "precision")
"""Keys that may hold a covariance of any kind."""

REQUIRED_KEYS: dict[str, tuple[str, ...]] = {
    "dense": ("matrix",),
    "diagonal": ("variances",),
    "factored": ("matrix",),
    "low-rank": ("loadings", "variances"),
    "from-correlation": ("correlation", "std"),
    "scaled": ("covariance", "std"),
    "kronecker": ("members",),
    "block-diagonal": ("members",),
    "banded": ("bands",),
    "precision": ("precision",),
    "sparse": ("matrix",),
    "stationary-grid": ("function", "shape"),
    "toeplitz": ("first_column",),
    "circulant": ("first_column",),
}
"""Keys that each kind requires beside `kind`: its positional arguments, in their order."""
OPTIONAL_KEYS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(get_args(Kind), ("names",)),
    "dense": ("method", "check_valid", "tol", "names"),
    "diagonal": ("check_valid", "names"),
    "from-correlation": ("method", "check_valid", "tol", "names"),
    "banded": ("lower", "names"),
    "precision": ("singular", "null_space", "names"),
    "sparse": ("ordering", "names"),
    "stationary-grid": ("spacing", "padding", "approximate"),
}
"""Keys that each kind takes as well: its keyword arguments."""

EXAMPLES: dict[str, Any] = {
    "sparse matrix of scipy": "cov.npz",
    "dense": {"kind": "dense", "matrix": "cov.npy", "method": "eigh", "check_valid": "warn", "tol": 1e-10},
    "diagonal": {"kind": "diagonal", "variances": [4.0, 9.0], "names": ["oil", "gas"]},
    "factored": {"kind": "factored", "matrix": "factor.npy"},
    "low-rank": {"kind": "low-rank", "loadings": "loadings.csv", "variances": "variances.csv"},
    "from-correlation": {"kind": "from-correlation", "correlation": "correlation.csv", "std": [0.2, 0.3]},
    "scaled": {"kind": "scaled", "covariance": {"kind": "toeplitz", "first_column": [1.0, 0.5]}, "std": "std.npy"},
    "kronecker": {"kind": "kronecker", "members": ["time.npy", {"kind": "factored", "matrix": "space.npy"}]},
    "block-diagonal": {"kind": "block-diagonal", "members": ["first.npy", "second.npy", [1.0, 2.0]]},
    "banded": {"kind": "banded", "bands": [[2.0, 2.0, 2.0], [-1.0, -1.0, 0.0]], "lower": True},
    "precision": {"kind": "precision", "precision": "precision.npz"},
    "precision that is singular": {
        "kind": "precision",
        "precision": "precision.npz",
        "singular": "project",
        "null_space": "space.npy",
    },
    "sparse": {"kind": "sparse", "matrix": "cov.npz", "ordering": "natural"},
    "stationary-grid": {
        "kind": "stationary-grid",
        "function": {"name": "matern", "length": 3.0, "nu": 1.5},
        "shape": [20, 30],
    },
    "stationary-grid on a line": {
        "kind": "stationary-grid",
        "function": {"name": "spherical", "range": 9.0},
        "shape": 50,
        "spacing": 0.5,
    },
    "stationary-grid of another variance": {
        "kind": "stationary-grid",
        "function": {"name": "exponential", "length": 9, "variance": 2},
        "shape": 50,
    },
    "stationary-grid of one's own": {
        "kind": "stationary-grid",
        "function": "module:name",
        "shape": 500,
        "padding": 60,
        "approximate": True,
    },
    "circulant": {"kind": "circulant", "first_column": [2.0, 1.0, 0.0, 1.0]},
}
"""A value of `cov` for each structure, as a job file to begin with shows them."""

_FUNCTIONS = {"exponential": ("length",), "gaussian": ("length",), "matern": ("length", "nu"), "spherical": ("range",)}
"""Covariance functions, and the keys that each requires."""
IMPORTED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")
"""A module and a name in it, "module:name"."""


def tuple_of(value: object, what: str) -> tuple[Any, ...]:
    """A list that is not empty, as a tuple."""
    if not isinstance(value, (list, tuple)):
        raise ArgumentError(f"must be a list of {what}")
    if not value:
        raise ArgumentError("must not be an empty list")
    return tuple(value)


def lengths(value: object, least: int) -> int | tuple[int, ...]:
    """A length, or one for each axis, in any notation."""
    if isinstance(value, (list, tuple)):
        return tuple(integer(item, least) for item in tuple_of(value, "integers"))
    return integer(value, least)


def _imported(text: str) -> str:
    if not IMPORTED.fullmatch(text):
        rule = 'must be a table with `name`, or a module and a name in it, as "module:name"'
        raise ArgumentError(f"{rule}, not {preview(text)}")
    return text


def _function_tag(value: object) -> str | None:
    if isinstance(value, str):
        return "<imported>"
    return "<function>" if isinstance(value, (dict, FunctionTable)) else None


def _covariance_tag(value: object) -> str | None:
    if isinstance(value, CovarianceTable) or (isinstance(value, dict) and value.keys() - {"path", "key"}):
        return "<structure>"
    return array_tag(value)


class FunctionTable(Table):
    """A covariance as a function of distance."""

    name: Literal["exponential", "gaussian", "matern", "spherical"] = Field(
        description='"exponential", "gaussian", "matern" or "spherical", of mvn_dask.covariance', examples=["matern"]
    )
    length: float | None = Field(
        default=None, description='of all but "spherical": length of correlation, in the unit of the spacing'
    )
    nu: float | None = Field(default=None, description='of "matern": smoothness')
    range: float | None = Field(default=None, description='of "spherical": distance without correlation')
    variance: float | None = Field(default=None, description="covariance at distance 0; 1 by default")

    def contradictions(self) -> Faults:
        return key_faults(self, f'name = "{self.name}"', _FUNCTIONS[self.name], ("variance",))


class CovarianceTable(Table):
    """A covariance of some structure."""

    kind: Kind = Field(
        description="structure, a class of mvn_dask.covariance; the other keys are its arguments", examples=["low-rank"]
    )
    matrix: ArrayValue | None = Field(
        default=None,
        description='of "dense": the covariance; of "factored": A, with the covariance A Aᵀ; of "sparse": a .npz file '
        "of scipy.sparse.save_npz",
    )
    variances: ArrayValue | None = Field(
        default=None, description='of "diagonal" and "low-rank": variances of the variables, of their own in the latter'
    )
    loadings: ArrayValue | None = Field(
        default=None, description='of "low-rank": weights of the common factors, a row for each variable'
    )
    correlation: ArrayValue | None = Field(default=None, description='of "from-correlation": matrix of correlations')
    std: ArrayValue | None = Field(
        default=None, description='of "from-correlation" and "scaled": standard deviations, or one for all variables'
    )
    members: "Annotated[tuple[CovarianceValue, ...], BeforeValidator(_as_members)] | None" = Field(
        default=None,
        description='of "kronecker" and "block-diagonal": a list of covariances, each written as cov may be',
    )
    covariance: "CovarianceValue | None" = Field(
        default=None, description='of "scaled": a covariance, written as cov may be'
    )
    precision: "CovarianceValue | None" = Field(
        default=None,
        description='of "precision": the inverse of the covariance: a matrix, a file, also of scipy.sparse, or a table '
        'of kind "banded", "dense" or "sparse"',
    )
    singular: Literal["raise", "project"] | None = Field(
        default=None, description='of "precision": what to do if it is singular: "project" draws the intrinsic field'
    )
    null_space: ArrayValue | None = Field(
        default=None,
        description='of "precision", with singular = "project": vectors that span its null space, a row for each '
        "variable; else they are found",
    )
    bands: ArrayValue | None = Field(
        default=None, description='of "banded": the diagonal and the bands beside it, as scipy.linalg.cholesky_banded'
    )
    lower: bool | None = Field(
        default=None, description='of "banded": whether they are the bands below the diagonal; else above it'
    )
    first_column: ArrayValue | None = Field(
        default=None, description='of "toeplitz" and "circulant": covariances at the lags 0, 1, 2, …'
    )
    function: "CovarianceFunctionValue | None" = Field(
        default=None,
        description='of "stationary-grid": a table with `name` and its parameters, or "module:name": a function of '
        "an array of distances, imported and called as code of your own",
    )
    shape: Annotated[int | tuple[int, ...], BeforeValidator(lambda value: lengths(value, 1))] | None = Field(
        default=None, description='of "stationary-grid": points along each axis'
    )
    spacing: Annotated[float | tuple[float, ...], BeforeValidator(lambda value: as_numbers(value, depth=1))] | None = (
        Field(default=None, description='of "stationary-grid": distance of neighbouring points, one or one an axis')
    )
    padding: Annotated[int | tuple[int, ...], BeforeValidator(lambda value: lengths(value, 0))] | None = Field(
        default=None, description='of "stationary-grid": extra points of the embedding, one number or one an axis'
    )
    approximate: bool | None = Field(
        default=None, description='of "stationary-grid": whether the nearest embedding will do'
    )
    ordering: Literal["auto", "nested_dissection", "minimum_degree", "metis", "natural"] | None = Field(
        default=None, description='of "sparse": order of elimination'
    )
    method: Literal["auto", "svd", "eigh", "cholesky"] | None = Field(
        default=None, description='of "dense" and "from-correlation": how it is factorised; else as in [distribution]'
    )
    check_valid: Literal["warn", "raise", "ignore"] | None = Field(
        default=None, description='of these and "diagonal": what to do if it is invalid; else as in [distribution]'
    )
    tol: float | None = Field(
        default=None, description='of "dense" and "from-correlation": tolerance of that; else as in [distribution]'
    )
    names: Annotated[tuple[Text, ...], BeforeValidator(lambda value: tuple_of(value, "texts"))] | None = Field(
        default=None, description='of all but "stationary-grid": names of the variables'
    )

    def contradictions(self) -> Faults:
        return key_faults(self, f'kind = "{self.kind}"', REQUIRED_KEYS[self.kind], OPTIONAL_KEYS[self.kind])


def key_faults(table: Table, which: str, required: tuple[str, ...], optional: tuple[str, ...]) -> Faults:
    """Keys that mean nothing in a table, and those that are missing."""
    _, *others = type(table).model_fields
    given = {key for key in others if getattr(table, key) is not None}
    takes = ", ".join((*required, *optional))
    faults = [
        (key, f"means nothing with {which}, which takes {takes}")
        for key in others
        if key in given and key not in {*required, *optional}
    ]
    return faults + [(key, f"is required with {which}") for key in required if key not in given]


def _as_members(value: object) -> object:
    return tuple_of(value, "covariances")


CovarianceFunctionValue = Annotated[
    Annotated[FunctionTable, Tag("<function>")] | Annotated[Text, AfterValidator(_imported), Tag("<imported>")],
    Discriminator(
        _function_tag,
        custom_error_type="function",
        custom_error_message='must be a table with `name` and its parameters, or a text "module:name"',
    ),
]
"""A covariance as a function of distance."""
CovarianceValue = Annotated[
    Annotated[CovarianceTable, Tag("<structure>")]
    | Annotated[FileTable, BeforeValidator(as_file), Tag("<file>")]
    | Annotated[InlineArray, BeforeValidator(as_numbers), Tag("<numbers>")],
    Discriminator(
        _covariance_tag,
        custom_error_type="covariance",
        custom_error_message="must be a path or URL, a table with `path` and `key`, or with `kind`, a number, or a "
        "list of numbers",
    ),
]
"""A covariance: of some structure, or numbers, or a file."""
CovarianceTable.model_rebuild()
