"""The verdict on a covariance: what `check_valid` and `tol` mean."""

import warnings

from mvn_dask.checks import CheckValid, caller_level
from mvn_dask.errors import ArgumentError


def object_to(fault: str, check_valid: CheckValid) -> None:
    """Raise or warn, as the user asked, that a covariance is not one.

    Parameters
    ----------
    fault : str
        What was seen: the rest of the sentence after numpy's text.
    check_valid : {"warn", "raise", "ignore"}
        What the user asked for.
    """
    message = (
        f"covariance is not symmetric positive-semidefinite. {fault} "
        "Use check_valid='ignore' to sample anyway, with the absolute values of the eigenvalues."
    )
    if check_valid == "raise":
        raise ArgumentError(message)
    if check_valid == "warn":
        warnings.warn(message, RuntimeWarning, stacklevel=caller_level())
