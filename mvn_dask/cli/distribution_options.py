"""The distribution of `mvn-dask sample`. Input: its options; output: the table ``distribution`` of a job."""

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
    str, typer.Option(autocompletion=job_values("distribution.method"), help="auto, svd, eigh or cholesky.")
]
CheckValid = Annotated[
    str,
    typer.Option(
        autocompletion=job_values("distribution.check_valid"),
        help="What to do about a covariance that is none: raise, warn or ignore.",
    ),
]


@dataclass(frozen=True)
class DistributionOptions:
    """Options that name a distribution."""

    mean: Mean = None
    cov: Cov = None
    from_data: FromData = None
    shrink: Shrink = None
    missing: Missing = None
    index: Index = None
    method: Method = "auto"
    check_valid: CheckValid = "raise"


def distribution_table(options: DistributionOptions) -> dict[str, Any]:
    """The table of a job. Raises ArgumentError for options that are missing, or exclude each other."""
    from mvn_dask.errors import ArgumentError
    from mvn_dask.job.parsing import parse_value
    from mvn_dask.job.typed_numbers import numbers_or_file
    from mvn_dask.readable import short_repr

    table: dict[str, Any] = {"method": options.method, "check_valid": options.check_valid}
    own = {"shrink": options.shrink, "missing": options.missing, "index": options.index}
    chosen = {key: value for key, value in own.items() if value is not None}
    parameters = {"mean": options.mean, "cov": options.cov}
    if options.from_data is None:
        if chosen:
            raise ArgumentError(f"--{next(iter(chosen))} is about --from-data, which was not given")
        if missing := [key for key, value in parameters.items() if value is None]:
            raise ArgumentError(f"--{missing[0]} is required, or --from-data in place of --mean and --cov")
        return table | {key: numbers_or_file(f"--{key}", str(value)) for key, value in parameters.items()}
    if given := [key for key, value in parameters.items() if value is not None]:
        raise ArgumentError(
            f"--{given[0]} and --from-data exclude each other: mean and covariance are estimated of data"
        )
    text = options.from_data
    # A table, or else a file, whatever its name looks like.
    data = parse_value(text) if text.lstrip().startswith("{") else {"path": text}
    if not isinstance(data, dict) or not text.strip():
        rule = 'must be a file of data, or a table as {path = "x.npz", key = "returns"}'
        raise ArgumentError(f"--from-data {rule}, not {short_repr(text)}")
    return table | {"data": data | chosen}
