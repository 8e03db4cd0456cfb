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
        # numpy's words begin without quotes, as "mean must be 1 dimensional".
        pattern = re.compile(rf"`({'|'.join(names)})`|\b({'|'.join(names)})(?= (and|must)\b|\[)")
        text = pattern.sub(
            lambda found: found[0].replace(found[1] or found[2], names[found[1] or found[2]]), error.text
        )
        error.args = (text,)
        raise
