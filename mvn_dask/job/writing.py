"""From a `Job` to the text of a job file."""

from collections.abc import Iterator
from typing import Any

from pydantic import Secret

from mvn_dask.job.schema.base import Table
from mvn_dask.job.schema.distribution import File
from mvn_dask.job.schema.specification import Specification
from mvn_dask.job.spelling import spelt_entry


def job_text(job: Specification) -> str:
    """The text of a job file; see `Job.to_toml`."""
    values = plain(job)
    single = [spelt_entry(key, value) for key, value in values.items() if not isinstance(value, dict)]
    tables = [
        "\n".join([f"[{key}]", *(spelt_entry(name, inner) for name, inner in value.items())])
        for key, value in values.items()
        if isinstance(value, dict)
    ]
    return "\n\n".join(["\n".join(single), *tables]) + "\n"


def plain(value: object) -> Any:
    """A table as TOML has it: without what is left at its default, and files without a key as their path alone."""
    if isinstance(value, Secret):
        return value.get_secret_value()
    if isinstance(value, File) and value.key is None:
        return value.path
    return dict(_entries(value)) if isinstance(value, Table) else value


def _entries(table: Table) -> Iterator[tuple[str, Any]]:
    for name, field in type(table).model_fields.items():
        value = getattr(table, name)
        if value is not None and (field.is_required() or value != field.default):
            yield field.alias or name, plain(value)
