"""From what other libraries call an array to an array of float64.

Input: anything that `numpy.asarray` takes as real numbers: lists, arrays, frames of pandas, polars and pyarrow,
DataArrays of xarray, Dask collections, objects such as `Fraction` and `Decimal`. Output: a numpy array, or an error
that names the type and the cure. Cost: a pass over the numbers; objects of Python take 0.1 µs each. No library is
imported: whoever holds an object of one has imported it.
"""

import sys
from collections.abc import Iterable, Mapping, Set
from decimal import Decimal
from itertools import chain, pairwise
from numbers import Complex, Real
from typing import Any

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import Float64Array
from mvn_dask.dask_matrices import computed
from mvn_dask.errors import ArgumentError, ArgumentTypeError
from mvn_dask.masks import has_mask, is_masked, refuse_masked
from mvn_dask.packing import is_missing, packing_attributes, stored_attributes
from mvn_dask.real_numbers import complex_error
from mvn_dask.units import has_unit, is_plain, refuse_units, without_units

_CALLS = {
    "toarray": ".toarray()",  # scipy's sparse arrays
    "todense": ".todense()",  # those of the library sparse
    "covariance": ".covariance",  # scipy.stats.Covariance
    "cov": ".cov",  # a frozen distribution of scipy
    "collect": ".collect()",  # polars' LazyFrame
    "result": ".result()",  # a future
    "to_dataarray": ".to_dataarray()",  # xarray's Dataset
    "require_dataset": "['NAME'], an array in it",  # a file or group of HDF5 or Zarr
    "require_array": "['NAME'], an array in it",  # a group of Zarr 3
    "cpu": ".detach().cpu().numpy()",  # a tensor of torch
    "to_dense": ".to_dense()",  # a Covariance
    "to_numpy": ".to_numpy()",
    "__cuda_array_interface__": ".get()",  # cupy
}
"""Attributes of types that numpy does not take, and what makes an array of them."""
FILE_NUMBERS = 2**22
"""Numbers of a file that are read together: 32 MiB."""
_TEXT_CURE = "; numpy.asarray({}, dtype=float) reads numbers from text"


def is_instance(value: object, module: str, *names: str) -> bool:
    """Whether a value is of one of a library's types, without importing the library.

    >>> is_instance([1.0], "pandas", "Series")
    False
    """
    library = sys.modules.get(module)
    kinds = tuple(kind for name in names if isinstance(kind := getattr(library, name, None), type))
    return isinstance(value, kinds)


def compute_together(*values: object) -> tuple[Any, ...]:
    """The values, with Dask collections among them computed: at once, so that what they share is computed once.

    Examples
    --------
    >>> import dask.array as da
    >>> data = da.ones((100, 2), chunks=10)
    >>> mean, cov = compute_together(data.mean(axis=0), [[1.0, 0.0], [0.0, 1.0]])
    >>> mean, cov
    (array([1., 1.]), [[1.0, 0.0], [0.0, 1.0]])
    """
    lazy = [number for number, value in enumerate(values) if _is_lazy(_types(value))]
    if not lazy:
        return values
    # Only what is lazy is handed over: dask would walk through lists of numbers, and turn iterators into tuples.
    results = dict(zip(lazy, computed([values[number] for number in lazy]), strict=True))
    return tuple(results.get(number, value) for number, value in enumerate(values))


def real_array(name: str, value: Any) -> Float64Array:
    """An array-like as float64; no copy of what is float64.

    A frame of one row of polars or pyarrow, which have no index, is a vector. Raises ArgumentTypeError for anything but
    real numbers, and for numbers with a unit; ArgumentError for missing entries, and lists whose lengths differ.
    """
    kinds = _types(value)
    if _is_lazy(kinds):
        (value,) = compute_together(value)
        kinds = _types(value)
    attributes = _attributes(name, value)
    if _is_file(value) and len(value.shape or ()) == 2 and value.dtype.kind in "biuf":
        return _from_file(name, value, attributes)
    given = value
    if is_instance(value, "xarray", "DataArray", "Variable"):
        # Its own conversion would hide units and masks.
        value = value.data
        kinds = _types(value)
    _refuse_types(name, value, kinds, given)
    array = _as_array(name, without_units(value) if any(map(has_unit, kinds)) else value)
    if attributes and array.dtype.kind in "biuf" and (missing := is_missing(array, attributes)).any():
        raise _missing(name, missing, f"{array[missing][0]}, which its attributes mark as missing")
    if array.dtype.kind == "c":
        raise complex_error(name, f"the dtype of `{name}`", array.dtype)
    if array.dtype.kind == "O":
        array = _from_objects(name, given, array)
    elif array.dtype.kind not in "biuf":
        cure = _TEXT_CURE.format(name) if array.dtype.kind in "UST" else ""
        raise ArgumentTypeError(f"`{name}` must hold real numbers: its dtype is {array.dtype}{cure}")
    if is_column_frame(value) and len(array) == 1 and (name == "mean" or array.shape[1] > 1):
        array = array[0]
    with np.errstate(over="ignore"):  # what is too large is infinite, and refused by its place
        return np.asarray(array, dtype=np.float64)


def _attributes(name: str, value: Any) -> dict[str, Any]:
    """What says which entries are missing; refused is what says that the numbers stand for others."""
    is_file = _is_file(value)
    if not is_file and not is_instance(value, "xarray", "DataArray", "Variable"):
        return {}
    attributes = stored_attributes(value)
    if packing := packing_attributes(attributes):
        if is_file:
            cure = "what xarray.open_dataset or xarray.open_zarr gives"
        elif is_instance(value, "xarray", "DataArray"):
            cure = f'xarray.decode_cf({name}.to_dataset(name="{name}"))["{name}"]'
        else:
            cure = f'xarray.conventions.decode_cf_variable("{name}", {name})'
        seen = ", ".join(f"{key} = {packing[key]}" for key in packing)
        raise ArgumentError(f"`{name}` must hold the numbers that are meant, and is packed ({seen}): give {cure}")
    return attributes


def _is_file(value: object) -> bool:
    return is_instance(value, "zarr", "Array") or is_instance(value, "h5py", "Dataset")


def _from_file(name: str, value: Any, attributes: dict[str, Any]) -> Float64Array:
    """The matrix in a file, read by whole rows of chunks into memory that nobody can write to later."""
    array, chunk = np.empty(value.shape), (value.chunks or (1,))[0]
    height = max(1, FILE_NUMBERS // max(1, value.shape[1]) // chunk) * chunk
    for top in range(0, len(array), height):
        part = np.asarray(value[top : top + height])
        if attributes and (missing := is_missing(part, attributes)).any():
            raise _missing(name, missing, f"{part[missing][0]}, which its attributes mark as missing", top)
        with np.errstate(over="ignore"):  # what is too large is infinite, and refused by its place
            np.add(part, 0.0, out=array[top : top + height], dtype=np.float64, casting="unsafe")
    array.flags.writeable = False
    return array


def is_column_frame(value: object) -> bool:
    """Whether a value is a table whose columns have names, and whose rows have none."""
    return is_instance(value, "polars", "DataFrame") or is_instance(value, "pyarrow", "Table", "RecordBatch")


def _is_lazy(kinds: set[type]) -> bool:
    # A DataArray has the method whatever it holds; then dask gives it back as it is.
    return any(hasattr(kind, "__dask_graph__") for kind in kinds)


def _types(value: object) -> set[type]:
    """Types of a value, and of what the lists and tuples in it hold."""
    found = {type(value)}
    rows: list[Any] = [value]
    # Deeper lists are no matrix, and end in an error in any case.
    for _ in range(2):
        if found.isdisjoint({list, tuple}):
            break
        rows = list(chain.from_iterable(row for row in rows if type(row) in {list, tuple}))
        found |= set(map(type, rows))
    return found


def _refuse_types(name: str, value: Any, kinds: set[type], given: Any) -> None:
    """Refuse masks, units, and mappings and groups of Zarr, whose conversion would lose what they say."""
    if any(has_mask(kind) or has_unit(kind) for kind in kinds):
        _refuse_masks_and_units(name, value, given)
    if isinstance(value, (Mapping, Set, str, bytes)) or hasattr(type(value), "require_array"):
        raise _not_an_array(name, value)
    if is_instance(value, "pandas", "Series", "DataFrame") and _is_extension(value):
        missing = np.asarray(value.isna(), dtype=bool)
        if missing.any():
            raise _missing(name, missing, "<NA>")


def _refuse_masks_and_units(name: str, value: Any, given: Any, place: tuple[int, ...] = ()) -> None:
    """Refuse a value at a place that is masked or has a unit, and lists of such values; `given` is the user's own."""
    refuse_masked(name, value, place)
    if has_unit(type(value)):
        refuse_units(name, given, value)
    elif isinstance(value, (list, tuple)):
        for number, element in enumerate(value):
            _refuse_masks_and_units(name, element, given, (*place, number))


def _is_extension(value: Any) -> bool:
    """Whether some column of a pandas object has a dtype of pandas' own, in which numbers may be missing."""
    dtypes = value.dtypes if is_instance(value, "pandas", "DataFrame") else [value.dtype]
    return not all(isinstance(dtype, np.dtype) for dtype in dtypes)


def _as_array(name: str, value: Any) -> npt.NDArray[Any]:
    try:
        if is_instance(value, "pandas", "DataFrame") and all(dtype.kind in "biuf" for dtype in value.dtypes):
            # Of nullable columns numpy would make an object for each number.
            return np.asarray(value.to_numpy(dtype=np.float64))
        return np.asarray(value)
    except ValueError as error:
        raise ArgumentError(f"`{name}` is not an array: {_different_lengths(name, value) or error}") from error
    except Exception as error:  # whatever another library's conversion raises
        raise _not_an_array(name, value) from error


def _different_lengths(name: str, value: Any) -> str:
    """The first list that is not as long as the one before; empty where it is something else that differs."""
    is_lists = isinstance(value, (list, tuple)) and all(isinstance(row, (list, tuple)) for row in value)
    lengths = [len(row) for row in value] if is_lists else []
    for number, (length, other) in enumerate(pairwise(lengths)):
        if length != other:
            return f"its rows differ in length: {name}[{number}] holds {length}, {name}[{number + 1}] holds {other}"
    return ""


def _from_objects(name: str, value: object, array: npt.NDArray[Any]) -> Float64Array:
    """Objects of Python as the nearest float64 each; `value` is what the user gave."""
    kinds = set(map(type, array.flat))
    if any(has_unit(kind) or (hasattr(kind, "__array__") and not issubclass(kind, np.generic)) for kind in kinds):
        array = _without_arrays(array)
        kinds = set(map(type, array.flat))
    if bad := {kind for kind in kinds if not _is_real(kind)}:
        raise _bad_element(name, value, array, bad)
    try:
        return array.astype(np.float64)
    except (OverflowError, ValueError) as error:
        raise ArgumentError(f"`{name}` must hold numbers that float64 can hold: {error}") from error


def _without_arrays(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Objects, with the number in place of a quantity without a unit, and of an array of no dimension."""
    found = np.empty_like(array)
    for index, entry in np.ndenumerate(array):
        is_quantity = has_unit(type(entry))
        element = without_units(entry) if is_quantity and not is_masked(entry) and is_plain(entry) else entry
        is_number = getattr(element, "shape", None) == () and not has_unit(type(element)) and not is_masked(element)
        found[index] = np.asarray(element).item() if is_number else element
    return found


def _is_real(kind: type) -> bool:
    return issubclass(kind, (Real, Decimal, np.bool_)) and not issubclass(kind, np.timedelta64)


def _bad_element(name: str, value: object, array: npt.NDArray[Any], bad: set[type]) -> Exception:
    """The error for the first entry of a type that is no real number."""
    if array.ndim == 0:
        _refuse_masks_and_units(name, array.item(), value)
        return _not_an_array(name, value)
    is_bad = np.fromiter((type(element) in bad for element in array.flat), bool, array.size).reshape(array.shape)
    element, place = array[is_bad][0], np.argwhere(is_bad)[0].tolist()
    kind, where = type(element), f"{name}{place}"
    if element is None or kind.__name__ in {"NAType", "NaTType"}:
        return _missing(name, is_bad, str(element))
    _refuse_masks_and_units(name, element, value, tuple(place))
    if issubclass(kind, Complex) and not issubclass(kind, np.timedelta64):
        return complex_error(name, where, element)
    is_text = issubclass(kind, (str, bytes))
    seen = f"{repr(element) if is_text and len(element) < 40 else 'an object'} of type {_type_name(kind)}"
    return ArgumentTypeError(f"`{name}` must hold real numbers: {where} is {seen}{_TEXT_CURE.format(name) * is_text}")


def _missing(name: str, missing: npt.NDArray[np.bool_], seen: str, top: int = 0) -> ArgumentError:
    """The error for the first missing entry of rows that begin at `top`."""
    first, *others = np.argwhere(missing)[0].tolist()
    where = f"{name}{[top + first, *others]}"
    return ArgumentError(f"`{name}` must have no missing values: {where} is {seen}; fill it, or leave its variable out")


def _not_an_array(name: str, value: object) -> ArgumentTypeError:
    given = _type_name(type(value))
    return ArgumentTypeError(f"`{name}` must be an array of real numbers, not {given}: {_cure(name, value)}")


def _type_name(kind: type) -> str:
    library = kind.__module__.partition(".")[0]
    return kind.__name__ if library == "builtins" else f"{kind.__name__} ({library})"


def _cure(name: str, value: object) -> str:
    is_mean = name == "mean"
    if value is None:
        return f"give {'a vector, such as [0.0, 0.0]' if is_mean else 'a matrix, such as [[2.0, 1.0], [1.0, 2.0]]'}"
    if isinstance(value, (str, bytes)):
        return "give numbers, not text"
    if isinstance(value, Set):
        return "its entries have no order: give a list"
    for attribute, call in _CALLS.items():
        if hasattr(type(value), attribute):
            return f"give {name}{call}"
    if isinstance(value, Mapping):
        frame = f"pandas.{'Series' if is_mean else 'DataFrame'}({name})"
        return f"give {frame}, whose labels name the variables, or a list of its values"
    return f"give list({name})" if isinstance(value, Iterable) else "give a numpy array or a list"
