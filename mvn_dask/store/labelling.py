"""Name the dimensions of an array and label its axes, for xarray, and take the names and labels of one of xarray's.

Input: a dask array. Output: an `xarray.DataArray` of the same blocks; and the way back. Cost: a look at the graph, and
the stored mean of an array that `from_zarr` opened; nothing is computed.
"""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, cast

import dask.array as da
import numpy as np

from mvn_dask import checks
from mvn_dask._typing import Texts
from mvn_dask.description import LabelArray, data_array, described, texts_along
from mvn_dask.errors import ArgumentError, ArgumentTypeError
from mvn_dask.execution.blocks import refuse_query_planning
from mvn_dask.labels import label_text
from mvn_dask.origin_attributes import MEAN, origin_attributes
from mvn_dask.readable import plural
from mvn_dask.signatures import short_signature
from mvn_dask.store.array_labels import Labels, derived_labels, labels_of, sample_labels
from mvn_dask.store.array_manifest import lineages, stored_source
from mvn_dask.store.format.array_layout import DIMENSION_RULE, may_name_dimension
from mvn_dask.store.format.auxiliary_arrays import has_mean_array
from mvn_dask.store.format.parameters import load_parameter

if TYPE_CHECKING:
    import xarray as xr

StorableArray: TypeAlias = "da.Array | xr.DataArray"
"""What can be stored: an array of dask's, or one of xarray's that holds one."""


@short_signature
def to_xarray(array: da.Array, *, names: Texts | None = None, dim: str | Sequence[str] | None = None) -> "xr.DataArray":
    """A lazy array with named dimensions, the labels along them as coordinates, and its origin as attributes.

    Parameters
    ----------
    array : dask.array.Array
        A sample, an array that `from_zarr` opened, or one derived from them.
    names : sequence of str, optional
        Names of the variables, along the last axis; by default those that mean or covariance brought.
    dim : str or sequence of str, optional
        Names of the dimensions: of all of them, or of those before the axes of a draw; a single text names the
        one of a sample's rows. By default "sample" and the axes of a draw, "variable" or those that it was given,
        or "dim_0", "dim_1", … where a derived array does not say what is left of them.

    Returns
    -------
    xarray.DataArray
        Of the same blocks; nothing is computed. Its attributes are those that a store has: "mean", where it is short,
        and "provenance", where they are known. What was cut out of a sample, as by slices, has the labels of what is
        left, and its name and units, in memory (`persist`) too; what is computed of one by arithmetic with numbers, and
        arrays of numpy's, has the labels alone. What is computed otherwise has none: compute with what this gives.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If names do not fit the array.

    See Also
    --------
    mvn_dask.from_zarr : Opens what was stored.
    xarray.open_zarr : Reads a store with its labels, without this package.

    Examples
    --------
    >>> import mvn_dask
    >>> x = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(1000, seed=1)
    >>> labelled = mvn_dask.to_xarray(x, names=["oil", "gas"])
    >>> labelled.dims, labelled.sel(variable="gas").shape
    (('sample', 'variable'), (1000,))

    Labels of what is cut out of a sample are those that are left:

    >>> y = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0, names=["oil", "gas"]).sample(1000, seed=1)
    >>> mvn_dask.to_xarray(y[500:, ::-1])["variable"].values.tolist()
    ['gas', 'oil']
    """
    refuse_query_planning()
    if not isinstance(array, da.Array):
        raise ArgumentTypeError(
            f"`array` must be a dask array, not {type(array).__name__}: da.from_array(…, chunks=…) makes one"
        )
    known = _known(array)
    dims = _dimensions(dim, known.labels.dimensions, known.event_axes, array.ndim)
    description = known.labels.description.renamed(dict(zip(known.labels.dimensions, dims, strict=True)))
    if names is not None:
        labels = checks.variable_names(checks.texts("names", names))
        if array.ndim == 0 or len(labels) != array.shape[-1] or known.event_axes > 1:
            raise ArgumentError(
                f"`names` must name the variables: {plural(len(labels), 'name')}, an array of shape {array.shape}"
            )
        description = description.without_axis_labels(dims[-1])
        named = {dims[-1]: LabelArray((dims[-1],), np.array(labels, dtype=object))}
        description = replace(description, coordinates={**description.coordinates, **named})
    return data_array(array, dims, description, known.attributes)


def split_labels(array: StorableArray) -> tuple[da.Array, Labels | None]:
    """A dask array as it is; of xarray's, the dask array in it, and its labels.

    Raises ArgumentTypeError if xarray's holds no dask array; ArgumentError for names that no store has.
    """
    xarray = sys.modules.get("xarray")  # whoever holds one of its arrays has imported it
    if xarray is not None and isinstance(array, xarray.Dataset):
        raise ArgumentTypeError(f"`array` must be one array, not a Dataset: name one of {list(array.data_vars)}")
    if xarray is None or not isinstance(array, xarray.DataArray):
        return cast(da.Array, array), None
    if not isinstance(array.data, da.Array):
        raise ArgumentTypeError(
            f"`array` must be backed by dask: it holds a {type(array.data).__name__}; array.chunk() makes it one"
        )
    if array.name is not None and not isinstance(array.name, str):
        raise ArgumentError(f"`array` must be named by text, and its name is {array.name!r}: array.rename('…')")
    if bad := next((name for name in array.coords if not isinstance(name, str)), None):
        raise ArgumentError(f"coordinates must be named by text, and one of `array` is named {bad!r}: rename it")
    return array.data, Labels(_dimension_names(array.dims), described(array))


def _dimension_names(dims: Iterable[object]) -> tuple[str, ...]:
    """Names of xarray's dimensions. Raises ArgumentError if a store cannot have one of such a name."""
    names = []
    for dim in dims:
        if not (isinstance(dim, str) and may_name_dimension(dim)):
            raise ArgumentError(
                f"`array` has the dimension {dim!r}, and {DIMENSION_RULE}: array.rename({{{dim!r}: …}}) names it "
                "otherwise"
            )
        names.append(dim)
    return tuple(names)


class Known(NamedTuple):
    """What is known of an array: all of a sample, or of a stored one; of a derived one, its samples."""

    labels: Labels
    """Names of its axes, and labels along them."""
    event_axes: int
    """How many of the axes, the last ones, are those of a draw."""
    attributes: dict[str, Any]
    """What a store of it has."""


def _known(array: da.Array) -> Known:
    source = stored_source(array)
    if source is not None:
        manifest = source.manifest
        has_mean = MEAN in manifest.parameters and not has_mean_array(manifest)
        mean = load_parameter(source.storage, manifest, MEAN) if has_mean else None
        found = origin_attributes(manifest.samples, manifest.expression, mean)
        return Known(labels_of(manifest), manifest.array.event_axes, found)
    origins = lineages(array)
    values = [origin.values for origin in origins]
    if not origins or not (own := origins[0]).is_of(array.name):
        found = origin_attributes(values, array.name, None) if values else {}
        return Known(*derived_labels(array), found)
    return Known(sample_labels(own), len(own.event.shape), own.origin)


def labels_of_columns(array: da.Array) -> tuple[str, ...] | None:
    """Labels along the last of two axes of a sample, or of an array that `from_zarr` opened; None where there are none.

    >>> import mvn_dask
    >>> labels_of_columns(mvn_dask.MultivariateNormal([0.0, 1.0], 2.0, names=["oil", "gas"]).sample(10, seed=1))
    ('oil', 'gas')
    """
    if array.ndim != 2:
        return None
    labels = _known(array).labels
    return texts_along(labels.description, labels.dimensions[1])


def split_column_labels(array: object, name: str = "array") -> tuple[Any, tuple[str, ...] | None]:
    """A dask array as it is, or what one of xarray's holds, and labels of the columns of its rows, where it has any.

    Raises ArgumentTypeError for a Dataset; what is neither dask's nor xarray's is returned as it is.
    """
    xarray = sys.modules.get("xarray")  # whoever holds one of its arrays has imported it
    if xarray is not None and isinstance(array, xarray.Dataset):
        raise ArgumentTypeError(f"`{name}` must be one array, not a Dataset: name one of {list(array.data_vars)}")
    if xarray is None or not isinstance(array, xarray.DataArray):
        return array, labels_of_columns(array) if isinstance(array, da.Array) else None
    if array.ndim == 2 and array.dims[1] in array.coords:
        return array.data, tuple(label_text(label) for label in array.coords[array.dims[1]].to_index())
    return array.data, None


def _dimensions(
    dim: str | Sequence[str] | None, default: tuple[str, ...], event_axes: int, ndim: int
) -> tuple[str, ...]:
    given = default if dim is None else (dim,) if isinstance(dim, str) else checks.texts("dim", dim)
    dims = given if len(given) == ndim else (*given, *default[ndim - event_axes :])
    # Those of a store may be alike, as xarray's own may.
    if len(dims) != ndim or (dim is not None and len(set(dims)) != ndim):
        raise ArgumentError(
            f"`dim` must name the {plural(ndim, 'dimension')}, or those before the axes of a draw: it is {dim!r}"
        )
    return dims
