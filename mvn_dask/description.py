"""What a labelled array says of itself beside its numbers: its name, attributes, coordinates, and indexes of levels.

Input: a DataArray of xarray, or a pandas object with a MultiIndex. Output: a `Description`, of which `data_array` makes
a DataArray again. Cost: a copy of the coordinates. Coordinates are those along one axis, of several axes, and of none;
they decide no number.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mvn_dask.array_likes import is_instance
from mvn_dask.errors import ArgumentError
from mvn_dask.labels import has_labels, label_text
from mvn_dask.origin_attributes import DASK_TOKEN
from mvn_dask.readable import short_repr
from mvn_dask.units import has_unit, unit_text, without_units

if TYPE_CHECKING:
    import xarray as xr

_MADE_UP = re.compile(r"dim_[0-9]+")
DEFAULT_NAME = "samples"
"""Name of an array that has none, in xarray and in a store."""


@dataclass(frozen=True, eq=False)
class LabelArray:
    """A coordinate: labels along some axes, along one, or of the whole array."""

    dims: tuple[str, ...]
    """Names of its axes."""
    values: Any
    """The labels, of that many axes: an array of numpy's, or of pandas' own types."""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    """Its attributes, such as units and long_name."""

    def take(self, dim: str, places: int | Sequence[int] | npt.NDArray[Any] | slice) -> "LabelArray":
        """The labels in some places along an axis; of one place, without that axis."""
        if dim not in self.dims:
            return self
        axis = self.dims.index(dim)
        is_one = isinstance(places, (int, np.integer))
        dims = tuple(each for each in self.dims if each != dim) if is_one else self.dims
        return replace(self, dims=dims, values=self.values[(*(slice(None),) * axis, places)])

    def points(self, places: Mapping[str, npt.NDArray[np.intp]], dim: str) -> "LabelArray":
        """The labels of points, whose places are given along every axis; they lie along the axis of that name."""
        if not self.dims:
            return self
        return replace(self, dims=(dim,), values=self.values[tuple(places[each] for each in self.dims)])


@dataclass(frozen=True, eq=False)
class Description:
    """Name, attributes, coordinates and indexes of an array."""

    name: str | None = None
    """Its name."""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    """Its attributes."""
    coordinates: Mapping[str, LabelArray] = field(default_factory=dict)
    """Coordinates by their names; those of an axis bear its name."""
    indexes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Axes that are labelled by several coordinates together, and which: the levels of a MultiIndex."""

    def take(self, dim: str, places: int | Sequence[int] | npt.NDArray[Any] | slice) -> "Description":
        """That of some places along an axis; of one place, without that axis, as xarray has it."""
        coordinates = {name: each.take(dim, places) for name, each in self.coordinates.items()}
        indexes = self.indexes
        if isinstance(places, (int, np.integer)):
            indexes = {each: levels for each, levels in indexes.items() if each != dim}
        return replace(self, coordinates=coordinates, indexes=indexes)

    def points(self, places: Mapping[str, npt.NDArray[np.intp]], dim: str) -> "Description":
        """That of points, whose places are given along every axis, along one axis of that name."""
        # Labels of an axis that is called so would be those of the points, which need not differ.
        pairs = ((name, each) for name, each in self.coordinates.items() if name != dim)
        return Description(self.name, self.attributes, {name: each.points(places, dim) for name, each in pairs})

    @property
    def axes_with_labels(self) -> set[str]:
        """Axes whose places have labels."""
        return {name for name, each in self.coordinates.items() if each.dims == (name,)} | self.indexes.keys()

    def renamed(self, dims: Mapping[str, str]) -> "Description":
        """The same with other names of axes."""
        coordinates = {
            dims.get(name, name): replace(each, dims=tuple(dims.get(dim, dim) for dim in each.dims))
            for name, each in self.coordinates.items()
        }
        return replace(
            self, coordinates=coordinates, indexes={dims.get(dim, dim): each for dim, each in self.indexes.items()}
        )

    def along(self, dims: Sequence[str]) -> "Description":
        """The coordinates and indexes alone, as far as they lie along some axes, or along none."""
        inside = {name: each for name, each in self.coordinates.items() if set(each.dims) <= set(dims)}
        return Description(None, {}, inside, {dim: each for dim, each in self.indexes.items() if dim in dims})

    def without_axis_labels(self, dim: str) -> "Description":
        """The same without the coordinate, or the index, that labels an axis."""
        gone = {dim, *self.indexes.get(dim, ())}
        return replace(
            self,
            coordinates={name: each for name, each in self.coordinates.items() if name not in gone},
            indexes={each: levels for each, levels in self.indexes.items() if each != dim},
        )


NO_DESCRIPTION = Description()
"""That of an array without labels."""


def described(value: Any, dims: Sequence[str] | None = None) -> Description:
    """The description of a DataArray, or of the MultiIndexes of a pandas object; nothing of anything else.

    `dims` are names for its axes, by default its own.

    >>> import xarray as xr
    >>> array = xr.DataArray([1.0, 2.0], dims="asset", coords={"sector": ("asset", ["a", "b"])}, attrs={"units": "m"})
    >>> found = described(array)
    >>> found.attributes, found.coordinates["sector"].dims
    ({'units': 'm'}, ('asset',))
    """
    if is_instance(value, "xarray", "DataArray"):
        own = tuple(map(str, value.dims))
        found = _of_data_array(value)
        return found if dims is None else found.renamed(dict(zip(own, dims, strict=True)))
    if dims is None or not is_instance(value, "pandas", "Series", "DataFrame"):
        return NO_DESCRIPTION
    found = NO_DESCRIPTION
    for dim, index in zip(dims, value.axes, strict=True):
        if is_instance(index, "pandas", "MultiIndex"):
            found = _joined(found, _of_levels(index, dim))
    return found


def is_labelled(value: Any) -> bool:
    """Whether a value says something of its axes: a DataArray, or an array-like with labels."""
    return is_instance(value, "xarray", "DataArray") or has_labels(value)


def described_variables(matrix: Any) -> tuple[str | None, Description]:
    """What a covariance says of the variables: the name of its first axis, if it has one, and what lies along that."""
    if is_instance(matrix, "xarray", "DataArray") and matrix.ndim:
        dim = str(matrix.dims[0])
        found = _of_data_array(matrix).along([dim])
        # The names that xarray makes up are none.
        return (None, found.renamed({dim: "variable"})) if _MADE_UP.fullmatch(dim) else (dim, found)
    if is_instance(matrix, "pandas", "Series", "DataFrame"):
        index = next((axis for axis in matrix.axes if is_instance(axis, "pandas", "MultiIndex")), None)
        return None, NO_DESCRIPTION if index is None else _of_levels(index, "variable")
    return None, NO_DESCRIPTION


def texts_along(description: Description, dim: str) -> tuple[str, ...] | None:
    """The labels along an axis as texts, or None where it has none."""
    if dim in description.indexes:
        columns = [description.coordinates[level].values.tolist() for level in description.indexes[dim]]
        return tuple(map(label_text, zip(*columns, strict=True)))
    own = description.coordinates.get(dim)
    return None if own is None else tuple(map(label_text, own.values.tolist()))


def agreed(given: Mapping[str, Description]) -> Description:
    """One description of several, by whose they are: the first name and attributes, and the coordinates of all.

    Raises ArgumentError if coordinates of one name disagree.
    """
    found, origins = NO_DESCRIPTION, dict[str, str]()
    for what, whole in given.items():
        each = whole
        for dim in whole.axes_with_labels & found.axes_with_labels:
            each = each.without_axis_labels(dim)  # names of variables, which are compared as texts
        for name, labels in each.coordinates.items():
            if name in origins and not is_same(found.coordinates[name], labels):
                raise ArgumentError(
                    f"the coordinate {name!r} of `{origins[name]}` and that of `{what}` must be the same: "
                    f"{what}.drop_vars({name!r}) leaves one out"
                )
            origins[name] = what
        found = _joined(found, each)
    return found


def is_same(one: LabelArray, other: LabelArray) -> bool:
    """Whether two coordinates lie along the same axes, and have the same labels."""
    first, second = (np.asarray(each.values) for each in (one, other))
    if one.dims != other.dims or first.shape != second.shape:
        return False
    same = np.asarray(first == second)
    if first.dtype.kind in "fmM" and second.dtype.kind in "fmM":
        same = same | (np.not_equal(first, first) & np.not_equal(second, second))
    return bool(np.all(same))


def data_array(array: Any, dims: Sequence[str], description: Description, origin: Mapping[str, Any]) -> "xr.DataArray":
    """An array with a description as one of xarray's; `origin` are attributes that come behind its own."""
    import xarray as xr

    levels = {name for each in description.indexes.values() for name in each}
    coords = {
        name: xr.Variable(each.dims, each.values, dict(each.attributes))
        for name, each in description.coordinates.items()
        if name not in levels
    }
    found = xr.DataArray(
        array,
        dims=tuple(dims),
        coords=coords,
        name=DEFAULT_NAME if description.name is None else description.name,
        attrs={**description.attributes, **{key: origin[key] for key in origin if key not in description.attributes}},
    )
    for dim, names in description.indexes.items():
        found = _with_index(found, dim, {name: description.coordinates[name] for name in names})
    return found


def _with_index(array: "xr.DataArray", dim: str, levels: Mapping[str, LabelArray]) -> "xr.DataArray":
    """An array with levels as a MultiIndex along an axis."""
    import pandas as pd
    import xarray as xr

    index = pd.MultiIndex.from_arrays([each.values for each in levels.values()], names=list(levels))
    found = array.assign_coords(xr.Coordinates.from_pandas_multiindex(index, dim))
    for name, each in levels.items():
        found.coords[name].attrs.update(each.attributes)
    return found


def _joined(one: Description, other: Description) -> Description:
    return Description(
        other.name if one.name is None else one.name,
        {**other.attributes, **one.attributes},
        {**other.coordinates, **one.coordinates},
        {**other.indexes, **one.indexes},
    )


def _of_data_array(array: "xr.DataArray") -> Description:
    # xarray takes the name of an array of dask's where it is given none.
    is_name = isinstance(array.name, str) and not DASK_TOKEN.search(array.name)
    name = str(array.name) if is_name else None
    indexes: dict[str, tuple[str, ...]] = {}
    levels: dict[str, LabelArray] = {}
    for dim in filter(array.coords.__contains__, array.dims):
        index = array.coords[dim].to_index()
        if is_instance(index, "pandas", "MultiIndex"):
            # Of the index, since xarray makes integers of levels in which numbers are missing.
            own = dict(_named_levels(index, str(dim)))
            levels |= {each: replace(labels, attributes=dict(array.coords[each].attrs)) for each, labels in own.items()}
            indexes[str(dim)] = tuple(own)
    # Without pairs, which the levels make again.
    names = [each for each in array.coords if str(each) not in indexes]
    coordinates = {str(each): levels.get(str(each)) or _label_array(array.coords[each]) for each in names}
    return Description(name, dict(array.attrs), coordinates, indexes)


def _label_array(coordinate: "xr.DataArray") -> LabelArray:
    dims, data, attributes = tuple(map(str, coordinate.dims)), coordinate.variable.data, dict(coordinate.attrs)
    if has_unit(type(data)):
        # As attribute, as samples have theirs.
        unit = unit_text(data)
        attributes |= {} if unit is None else {"units": unit}
        return LabelArray(dims, np.array(without_units(data)), attributes)
    # Of a type of pandas' own, such as categories, the array itself.
    is_plain = isinstance(coordinate.dtype, np.dtype)
    return LabelArray(dims, np.array(coordinate.values) if is_plain else data, attributes)


def _of_levels(index: Any, dim: str) -> Description:
    """The levels of a MultiIndex; those without a name get the one that xarray gives them."""
    levels = dict(_named_levels(index, dim))
    if len(levels) < index.nlevels:
        raise ArgumentError(
            f"the levels of a MultiIndex must have different names: they are {short_repr(list(index.names))}"
        )
    return Description(None, {}, levels, {dim: tuple(levels)})


def _named_levels(index: Any, dim: str) -> Iterator[tuple[str, LabelArray]]:
    for number, name in enumerate(index.names):
        values = index.get_level_values(number)
        # Texts of pandas have a type of their own.
        array = values.to_numpy(dtype=object) if values.dtype.kind not in "biufmM" else values.to_numpy()
        yield f"{dim}_level_{number}" if name is None else str(name), LabelArray((dim,), array)
