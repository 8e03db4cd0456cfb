"""The distribution of `mvn-dask sample`. Input: its options; output: the table ``distribution`` of a job."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from mvn_dask.cli.completion import job_values

Mean = Annotated[
    str | None, typer.Option(metavar="NUMBERS|FILE", help="Mean: 0, or 0.1,0.2, or a file.", show_default=False)
]
Cov = Annotated[
    str | None,
    typer.Option(
        metavar="NUMBERS|FILE|TABLE",
        help="Covariance: a variance, variances, [[2,1],[1,2]], a file, also of scipy.sparse (.npz), or a table "
        'as in a job file: {kind = "low-rank", loadings = "f.npy", variances = "d.npy"}.',
        show_default=False,
    ),
]
FromData = Annotated[
    str | None,
    typer.Option(
        "--from-data",
        metavar="FILE",
        help="In place of mean and covariance: a file of data, .csv, .npy, .npz, .parquet or Zarr, of whose rows both "
        "are estimated; names of variables come from its header.",
        show_default=False,
    ),
]
Shrink = Annotated[
    str | None,
    typer.Option(
        autocompletion=job_values("distribution.data.shrink"),
        metavar="none|ledoit-wolf",
        help="How the covariance of data is shrunk; ledoit-wolf needs scikit-learn.",
        show_default="none",
    ),
]
Missing = Annotated[
    str | None,
    typer.Option(
        autocompletion=job_values("distribution.data.missing"),
        metavar="raise|drop",
        help="What missing values of data do: raise an error, or drop the rows that have any.",
        show_default="raise",
    ),
]
Index = Annotated[
    str | None,
    typer.Option(
        autocompletion=job_values("distribution.data.index"),
        metavar="auto|first|none",
        help="Whether the first column of data names the rows, and is no variable; auto: if it holds dates or texts.",
        show_default="auto",
    ),
]
Method = Annotated[
    str,
    typer.Option(
        autocompletion=job_values("distribution.method"),
        metavar="auto|svd|eigh|cholesky",
        help="How a matrix is factorised.",
    ),
]
CheckValid = Annotated[
    str,
    typer.Option(
        autocompletion=job_values("distribution.check_valid"),
        metavar="raise|warn|ignore",
        help="What to do about a covariance that is none.",
    ),
]
Correlation = Annotated[
    str | None,
    typer.Option(
        metavar="NUMBERS|FILE",
        help="In place of a covariance, beside --standard-deviations: a matrix of correlations; beside --marginals, "
        "those of a Gaussian copula.",
        show_default=False,
    ),
]
StandardDeviations = Annotated[
    str | None,
    typer.Option(
        metavar="NUMBERS|FILE", help="Beside --correlation: one for all variables, or each.", show_default=False
    ),
]
Df = Annotated[
    float | None,
    typer.Option(
        metavar="NUMBER",
        help="A t distribution with so many degrees of freedom, of --location and --shape, or of --from-data.",
        show_default=False,
    ),
]
Location = Annotated[
    str | None, typer.Option(metavar="NUMBERS|FILE", help="Of a t distribution, as --mean.", show_default=False)
]
Shape = Annotated[
    str | None,
    typer.Option(
        metavar="NUMBERS|FILE|TABLE",
        help="Of a t distribution, as --cov; the covariance is df / (df - 2) times it.",
        show_default=False,
    ),
]
Marginals = Annotated[
    str | None,
    typer.Option(
        metavar="TABLE|TABLES",
        help="A Gaussian copula of --correlation, or of --from-data, with these laws of scipy.stats: one for all "
        'variables, {name = "t", df = 4}, or a list of tables.',
        show_default=False,
    ),
]


@dataclass(frozen=True)
class DistributionOptions:
    """Options that name a distribution."""

    mean: Mean = None
    cov: Cov = None
    correlation: Correlation = None
    standard_deviations: StandardDeviations = None
    location: Location = None
    shape: Shape = None
    df: Df = None
    marginals: Marginals = None
    from_data: FromData = None
    shrink: Shrink = None
    missing: Missing = None
    index: Index = None
    method: Method = "auto"
    check_valid: CheckValid = "raise"


PARAMETER_OPTIONS = ("mean", "cov", "correlation", "standard_deviations", "location", "shape", "df", "marginals")
"""Options that are parameters of a distribution, named as the keys of a job."""
DATA_OPTIONS = ("shrink", "missing", "index")
"""Options that say how data are read, named as the keys beside their path."""
_REQUIRED = {
    "normal": ("mean", "cov"),
    "t": ("location", "shape", "df"),
    "gaussian-copula": ("correlation", "marginals"),
}
_KINDS = {"df": "t", "location": "t", "shape": "t", "marginals": "gaussian-copula"}
"""What a distribution is by the options that no other one has; else it is normal."""


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


DISTRIBUTION_OPTIONS: dict[tuple[str, ...], str] = {
    **{("distribution", name): _option(name) for name in (*PARAMETER_OPTIONS, "method", "check_valid")},
    **{("distribution", "data", name): _option(name) for name in DATA_OPTIONS},
    ("distribution", "data"): "--from-data",
}
"""Options by the keys of a job that they stand for."""


def distribution_table(options: DistributionOptions) -> dict[str, Any]:
    """The table of a job. Raises ArgumentError for options that are missing, or exclude each other."""
    table: dict[str, Any] = {"method": options.method, "check_valid": options.check_valid}
    given = {name: value for name in PARAMETER_OPTIONS if (value := getattr(options, name)) is not None}
    kind = next((_KINDS[name] for name in _KINDS if name in given), "normal")
    _refuse_contradictions(kind, given, by_data=options.from_data is not None)
    if kind != "normal":
        table["kind"] = kind
    table |= {name: _value(name, value) for name, value in given.items()}
    return table | _data(options)


def _refuse_contradictions(kind: str, given: Mapping[str, object], *, by_data: bool) -> None:
    """Refuse parameters of two distributions, those that data are estimated in place of, and those that are missing."""
    from mvn_dask.errors import ArgumentError
    from mvn_dask.job.schema.distribution_table import ESTIMATED_KEYS, KEYS_OF_KINDS

    named = f"a {kind} distribution" if kind != "gaussian-copula" else "a Gaussian copula"
    if odd := [name for name in given if name not in KEYS_OF_KINDS[kind]]:
        first = next(name for name in given if _KINDS.get(name) == kind)
        raise ArgumentError(f"{_option(odd[0])} has no meaning beside {_option(first)}, which makes it {named}")
    estimated = ESTIMATED_KEYS[kind]
    if by_data and (twice := [name for name in given if name in estimated]):
        raise ArgumentError(
            f"{_option(twice[0])} and --from-data exclude each other: mean and covariance are estimated of data"
        )
    of_correlations = kind == "normal" and {"correlation", "standard_deviations"} & given.keys()
    missing = [name for name in _REQUIRED[kind] if name not in given and not (name == "cov" and of_correlations)]
    missing = [name for name in missing if not (by_data and name in estimated)]
    if missing:
        replaced = " and ".join(_option(name) for name in _REQUIRED[kind] if name in estimated)
        way = f", or --from-data in place of {replaced}" if missing[0] in estimated else ""
        of_kind = "" if kind == "normal" else f" of {named}"
        raise ArgumentError(f"{_option(missing[0])} is required{of_kind}{way}")


def _value(name: str, value: Any) -> Any:
    from mvn_dask.job.parsing import parse_value
    from mvn_dask.job.typed_numbers import numbers_or_file

    if name == "df":
        return value
    return parse_value(value) if name == "marginals" else numbers_or_file(_option(name), value)


def _data(options: DistributionOptions) -> dict[str, Any]:
    """The table of data, where a file of data is named."""
    from mvn_dask.errors import ArgumentError
    from mvn_dask.job.parsing import parse_value
    from mvn_dask.readable import short_repr

    chosen = {name: value for name in DATA_OPTIONS if (value := getattr(options, name)) is not None}
    text = options.from_data
    if text is None:
        if chosen:
            raise ArgumentError(f"{_option(next(iter(chosen)))} is about --from-data, which was not given")
        return {}
    # A table, or else a file, whatever its name looks like.
    data = parse_value(text) if text.lstrip().startswith("{") else {"path": text}
    if not isinstance(data, dict) or not text.strip():
        rule = 'must be a file of data, or a table as {path = "x.npz", key = "returns"}'
        raise ArgumentError(f"--from-data {rule}, not {short_repr(text)}")
    return {"data": data | chosen}
