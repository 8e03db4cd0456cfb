"""Covariance functions of a job: by their names in `mvn_dask.covariance`, or of the user's own, from a module.

Input: a table, or a text "module:name". Output: a function of an array of distances. Cost: an import, which runs the
module as code of the user who wrote the job; nothing but what Python finds on its path is imported.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from mvn_dask import covariance
from mvn_dask.errors import ArgumentError, ArgumentTypeError, InvalidDistributionError, JobFileError
from mvn_dask.job.schema.covariance_table import FunctionTable


def covariance_function(place: str, value: FunctionTable | str) -> Callable[[Any], Any]:
    """The function; `place` is its job and key in errors.

    Raises InvalidDistributionError for parameters that make none; JobFileError if it cannot be imported.

    Examples
    --------
    >>> covariance_function("job.toml", FunctionTable(name="matern", length=3.0, nu=1.5))
    matern(length=3.0, nu=1.5, variance=1.0)
    >>> covariance_function("job.toml", "math:cos")
    <built-in function cos>
    """
    if isinstance(value, str):
        return imported(place, value, "a function of an array of distances")
    parameters = {key: number for key, number in value if key != "name" and number is not None}
    try:
        found: Callable[[Any], Any] = getattr(covariance, value.name)(**parameters)
    except (ArgumentError, ArgumentTypeError) as error:
        raise InvalidDistributionError(f"{place}: {error.text}") from None
    return found


def imported(place: str, text: str, what: str) -> Callable[[Any], Any]:
    """The function that "module:name" names, which is to be `what`. Raises JobFileError if there is none."""
    module, _, name = text.partition(":")
    try:
        found: Any = import_module(module)
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise JobFileError(f"{place}: the module {module} cannot be imported: {reason}") from error
    for step in name.split("."):
        try:
            found = getattr(found, step)
        except AttributeError:
            raise JobFileError(f"{place}: there is no {name} in the module {module}") from None
    if not callable(found):
        raise JobFileError(f"{place}: {text} must be {what}, not {type(found).__name__}")
    return found  # type: ignore[no-any-return]
