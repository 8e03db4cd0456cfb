"""The job file that ``mvn-dask init`` writes, from the schema: every key, its description and its alternatives."""

import textwrap
from collections.abc import Iterator

from pydantic import Secret
from pydantic.fields import FieldInfo

from mvn_dask.job.keys import ESTIMATE, Key, known_keys
from mvn_dask.job.toml_format import format_entry

_HEAD = """\
# A job of mvn_dask: samples of a multivariate distribution in a Zarr store.
#
#     mvn-dask plan job.toml      what it will do
#     mvn-dask run job.toml       do it, or go on where it stopped
#     mvn-dask estimate job.toml  the estimates of the tables [[estimate]], before, while and after that
#
# Descriptions stand behind "# ", alternatives behind "#" alone. Unknown keys are errors.
"""
_SHOWN_OPTIONAL = {("distribution", "mean"), ("distribution", "cov"), ("cluster", "kind")}
"""Optional keys that stand in the file uncommented."""
_WIDTH = 110


def job_template() -> str:
    """The text of a job file that runs as it is."""
    tables = {key[0] for key in known_keys() if len(key) > 1}
    described: set[int] = set()
    lines = [_HEAD]
    for key, field in known_keys().items():
        if len(key) == 1 and key[0] in tables:
            heading = f"[[{key[0]}]]" if key == ESTIMATE else f"[{key[0]}]"
            lines += ["", f"{heading}  # {field.description}", ""]
        elif len(key) < 3:
            lines += [*_comment(str(field.description)), *_inner(key, described), *_entries(key, field), ""]
    return "\n".join(lines).replace("\n\n\n", "\n\n")


def _inner(key: Key, described: set[int], indent: str = "  ") -> Iterator[str]:
    """Descriptions of the keys inside a key; a table that several keys may hold is described once."""
    for inner, field in known_keys().items():
        if inner[:-1] == key and id(field) not in described:
            described.add(id(field))
            yield from _comment(f"{indent}{inner[-1]}: {field.description}")
            yield from _inner(inner, described, f"{indent}  ")


def _entries(key: Key, field: FieldInfo) -> Iterator[str]:
    """A key with its value, then with each alternative as a comment."""
    active = field.is_required() or key in _SHOWN_OPTIONAL
    default = field.default.get_secret_value() if isinstance(field.default, Secret) else field.default
    for number, value in enumerate(field.examples or [default]):
        for line in format_entry(key[-1], value).splitlines():
            yield line if active and not number else f"#{line}"


def _comment(text: str) -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent="# ", subsequent_indent="#   ", break_long_words=False, break_on_hyphens=False
    )
