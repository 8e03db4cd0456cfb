"""Numbers with a unit, of pint, astropy and unyt: which values have one, and the plain numbers in them.

Input: a mean or a covariance. Output: numbers, or an `ArgumentTypeError` that names the unit and an expression which
gives plain numbers of that very value. Cost: a look at each quantity. No library is imported.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from mvn_dask.errors import ArgumentTypeError


def has_unit(kind: type) -> bool:
    """Whether values of a type may have a unit."""
    # Of the type: an attribute of a pandas Series may be the entry of that name.
    return hasattr(kind, "to") and (hasattr(kind, "units") or hasattr(kind, "unit"))


def is_plain(quantity: Any) -> bool:
    """Whether the unit of a quantity is none, or 1."""
    # A column of astropy's tables may have none, which is None.
    unit = _unit(quantity)
    return unit is None or str(unit) in {"", "dimensionless"}


def without_units(value: Any) -> Any:
    """The numbers in a quantity, and in lists of them."""
    if has_unit(type(value)):
        return value.magnitude if hasattr(type(value), "magnitude") else value.value
    return [without_units(each) for each in value] if type(value) in {list, tuple} else value


def unit_text(quantity: Any) -> str | None:
    """The unit of a quantity as text; None where it has none, or 1."""
    return None if is_plain(quantity) else str(_unit(quantity))


def refuse_units(name: str, value: Any, quantity: Any) -> None:
    """Raise ArgumentTypeError if a quantity in a value has a unit; `value` is what the user gave as `name`."""
    if is_plain(quantity):
        return
    cure = _cure(name, value, quantity)
    raise ArgumentTypeError(
        f"`{name}` has the unit {unit_text(quantity)!r}, and samples are plain numbers: give such, cov in the square "
        f"of the unit of mean{cure and f', as with {cure}'}"
    )


def _unit(quantity: Any) -> Any:
    return quantity.units if hasattr(type(quantity), "units") else quantity.unit


def _cure(name: str, value: Any, quantity: Any) -> str:
    """An expression for the plain numbers of a value that holds quantities; empty if there is no simple one."""
    if has_unit(type(value)):
        return _plain(name, value, quantity)
    data = getattr(value, "data", None)
    is_labelled = hasattr(type(value), "dims") and hasattr(type(value), "copy")
    if is_labelled:  # an array of xarray, whose labels stay
        cure = _cure(f"{name}.data", data, quantity)
        # The unit of samples is an attribute, which comes from the mean.
        unit = f".assign_attrs(units={unit_text(quantity)!r})" if name == "mean" else ""
        return cure and f"{name}.copy(data={cure}){unit}"
    if not all(_is_convertible(each, quantity) for each in _elements(value)):
        return ""
    each = _plain("each", quantity, quantity)
    if hasattr(type(value), "iloc"):  # of pandas
        return f"{name}.map(lambda each: {each})"
    depth = _depth(value)
    if depth == 0:
        return _plain(f"{name}.item()", quantity, quantity)
    return f"[{each} for each in {name}]" if depth == 1 else f"[[{each} for each in row] for row in {name}]"


def _plain(name: str, value: Any, quantity: Any) -> str:
    """An expression for the numbers in a quantity that stands under a name."""
    unit, kind = str(_unit(quantity)), type(value)
    if hasattr(kind, "m_as"):
        return f"{name}.m_as({unit!r})"
    # A column of astropy's tables has its numbers, and converts nothing.
    return f"{name}.to_value({unit!r})" if hasattr(kind, "to_value") else f"{name}.data"


def _elements(value: Any) -> Iterator[Any]:
    """The entries of lists, arrays and frames, in lists also those that are arrays."""
    if hasattr(type(value), "iloc"):
        value = value.to_numpy(dtype=object)
    if isinstance(value, np.ndarray):
        yield from value.flat
        return
    for each in value:
        if type(each) in {list, tuple}:
            yield from _elements(each)
        else:
            yield each


def _depth(value: Any) -> int:
    if isinstance(value, np.ndarray):
        return value.ndim
    return 1 + max((_depth(each) for each in value if type(each) in {list, tuple}), default=0)


def _is_convertible(each: Any, quantity: Any) -> bool:
    """Whether the expression for one quantity serves another value."""
    if type(each) is not type(quantity):
        return False
    try:
        each.to(_unit(quantity))
    except Exception:  # noqa: BLE001 whatever another library raises where units are no multiples of each other
        return False
    return True
