"""The table ``[distribution.data]``: rows of which mean and covariance are estimated."""

from typing import Annotated, Literal

from pydantic import Field

from mvn_dask.job.schema.array_values import FROM_PATH
from mvn_dask.job.schema.base import PathOrUrl, Table, Text


class DataTable(Table):
    """Rows of numbers, a variable a column."""

    path: PathOrUrl = Field(
        description="a .csv, .npy, .npz or .parquet file, or a Zarr array or group (folder or URL), whose rows are "
        "observations and whose columns are variables; read as all other paths"
    )
    key: Text | None = Field(
        default=None, description="name of the array inside a .npz file or a Zarr group, where there are several"
    )
    index: Literal["auto", "first", "none"] = Field(
        default="auto",
        description='whether the first column names the rows, as dates do, and is no variable: "first", "none", or '
        '"auto": if it is named date, time, timestamp or index, or not at all, or holds texts or times',
    )
    missing: Literal["raise", "drop"] = Field(
        default="raise", description='what missing values do: "raise" an error, or "drop" the rows that have any'
    )
    shrink: Literal["none", "ledoit-wolf"] = Field(
        default="none",
        description='"none", the covariance with divisor n - 1, or "ledoit-wolf", which scikit-learn shrinks towards '
        "equal variances without correlations, and which is regular for any number of rows",
    )


DataValue = Annotated[DataTable, FROM_PATH]
"""A table, or the path of a file alone."""
DATA_EXAMPLES = ["returns.csv", {"path": "returns.csv", "index": "first", "missing": "drop", "shrink": "ledoit-wolf"}]
"""Values that a job file may have."""
