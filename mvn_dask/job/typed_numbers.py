"""Numbers as people type them on a command line: a scalar, a list, a matrix, or a file that holds them.

Input: the text of an option. Output: a value of a job, numbers or the name of a file; an `ArgumentError` for what is
neither. Cost: one look at the file's name.
"""

import os
import re
from typing import Any

from mvn_dask.errors import ArgumentError
from mvn_dask.job.parsing import parse_value
from mvn_dask.job.paths import location_of
from mvn_dask.job.quantities import TOO_MANY_DIGITS
from mvn_dask.job.toml_format import preview
from mvn_dask.readable import MAX_DIGITS

_NUMERIC = re.compile(r"([\s\d.,+\-_\[\]eE]|inf|nan)*", re.ASCII)
_LAST_POINT = re.compile(r"(?<=\d)\.(?![\d_])", re.ASCII)
_FIRST_POINT = re.compile(r"(?<![\d_.])\.(?=\d)", re.ASCII)
_LONG_INTEGER = re.compile(rf"(?<![\d.])\d{{{MAX_DIGITS + 1},}}(?![\d.eE])", re.ASCII)


def numbers_or_file(option: str, text: str) -> Any:
    """The value that an option stands for: numbers, a file, or a table, as of ``path`` and ``key``, or with a ``kind``.

    Raises ArgumentError that begins with the option, if it is none of these.

    Examples
    --------
    >>> numbers_or_file("--mean", ".5,1."), numbers_or_file("--cov", "[[2., 1.], [1., .5]]")
    ([0.5, 1.0], [[2.0, 1.0], [1.0, 0.5]])
    >>> numbers_or_file("--cov", '{kind = "toeplitz", first_column = [1.0, 0.5]}')
    {'kind': 'toeplitz', 'first_column': [1.0, 0.5]}
    >>> numbers_or_file("--cov", "2,1;1,2")
    Traceback (most recent call last):
    mvn_dask.errors.ArgumentError: --cov must be numbers, as 0.1,0.2 or [[2,1],[1,2]], or a file: "2,1;1,2" is neither
    """
    value = _numbers(option, text) if _NUMERIC.fullmatch(text) else parse_value(text)
    # What is no number may be a name.
    value = text if value is None else value
    if isinstance(value, str) and not _may_be_a_file(option, value):
        if text.lstrip().startswith("{"):
            raise ArgumentError(f'{option} is no table of TOML, as {{kind = "banded", bands = "bands.npy"}}')
        rule = "must be numbers, as 0.1,0.2 or [[2,1],[1,2]], or a file"
        raise ArgumentError(f"{option} {rule}: {preview(text)} is neither")
    return value


def _numbers(option: str, text: str) -> Any:
    """A number, a list or a matrix; None where that is not what was written."""
    if _LONG_INTEGER.search(text):
        raise ArgumentError(f"{option} {TOO_MANY_DIGITS}")
    # TOML has no 1. and no .5, which people write, and no list without brackets.
    written = _FIRST_POINT.sub("0.", _LAST_POINT.sub(".0", text))
    if "," in text and not text.lstrip().startswith("["):
        # It takes a comma after the last number, which here may stand for one that was forgotten.
        written = "" if text.rstrip().endswith(",") else f"[{written}]"
    value = parse_value(written)
    return None if isinstance(value, str) else value


def _may_be_a_file(option: str, text: str) -> bool:
    """Whether there is a file of that name; of what is no file of this machine nothing is known."""
    if not text.strip():
        return False
    try:
        location = location_of(text)
    except ArgumentError as error:
        raise ArgumentError(f"{option} {error}") from error
    return isinstance(location, str) or os.path.lexists(location)
