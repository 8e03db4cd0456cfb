"""Errors about arguments that have other names where they are given: a location that is checked as a mean.

Input: names of arguments. Output: the same errors with the names that users know. Cost: none without an error.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from mvn_dask.errors import ArgumentError, ArgumentTypeError


@contextmanager
def named_arguments(names: Mapping[str, str]) -> Iterator[None]:
    """In errors of the body about arguments, their other names.

    Examples
    --------
    >>> with named_arguments({"mean": "location"}):
    ...     raise ArgumentError("`mean` must not be empty")
    Traceback (most recent call last):
    mvn_dask.errors.ArgumentError: `location` must not be empty
    """
    try:
        yield
    except (ArgumentError, ArgumentTypeError) as error:
        # numpy's words begin without quotes, as "mean must be 1 dimensional"; a way out may be a call, as list(mean).
        known = "|".join(names)
        pattern = re.compile(rf"(?<=`)({known})(?=`)|\b({known})(?= (?:and|must)\b|\[)|(?<=\()({known})(?=[,)])")
        error.args = (pattern.sub(lambda found: names[found[0]], error.text),)
        raise
