"""Linear combinations of the columns of a lazy array, with the same bits for any chunks.

Input: a row-chunked dask array, and weights. Output: a lazy array of combinations. Cost: in compiled code 0.5 ns a
number on Zen 1, a twentieth of what drawing it takes; one copy of the weights in the graph.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt
from dask.delayed import delayed

from mvn_dask import checks
from mvn_dask._typing import ArrayLike, Float64Array
from mvn_dask.array_likes import is_instance, real_array
from mvn_dask.compiled import compiled_module
from mvn_dask.errors import ArgumentError, ArgumentTypeError
from mvn_dask.estimation.masked_numbers import refuse_masked
from mvn_dask.execution.blocks import refuse_query_planning
from mvn_dask.hashing import digest, fingerprint
from mvn_dask.labels import label_text, row_axes_of
from mvn_dask.readable import plural, short_repr
from mvn_dask.real_numbers import refuse_other_numbers
from mvn_dask.sampling.spec import SampleSpec
from mvn_dask.signatures import short_signature
from mvn_dask.statistics.base import scratch
from mvn_dask.store.array_manifest import graph_sources
from mvn_dask.store.labelling import StorableArray, split_column_labels

GATHERED_NUMBERS = 2**16
"""Numbers of other types, or with gaps between them, that are converted at once: they stay in the cache."""


@dataclass(frozen=True, eq=False)
class Combination:
    """What makes combinations of rows: the node of a graph that all tasks share."""

    weights: Float64Array = field(repr=False)
    """Weights, shape (columns that are read, combinations)."""
    columns: tuple[int, ...] | None
    """Columns that are read; None for all."""
    single: bool
    """Whether a row gives one number in place of an array of them."""
    combined: str
    """Dask's name of the array whose columns are combined."""

    @property
    def array_name(self) -> str:
        """Dask's name of the combinations: the same for the same array and weights."""
        what = [self.combined, digest(self.weights), self.columns, self.single]
        return f"combination-{fingerprint(what)}"

    def of_rows(self, rows: npt.NDArray[Any]) -> Float64Array:
        """Combinations of rows, shape (n, d): float64 of shape (n,) or (n, combinations)."""
        columns, count = self.weights.shape
        out = np.empty((len(rows), count))
        is_plain = rows.dtype == np.float64 and rows.flags.c_contiguous and self.columns is None
        height = max(1, len(rows) if is_plain else GATHERED_NUMBERS // columns)
        for top in range(0, len(rows), height):
            part = rows[top : top + height]
            if not is_plain:
                numbers = scratch("combined", (len(part), columns))
                numbers[:] = part if self.columns is None else part[:, self.columns]
                part = numbers
            _combine(part, self.weights, out[top : top + height])
        return out[:, 0] if self.single else out

    def of_array(self, array: da.Array) -> da.Array:
        """Combinations of an array of the same columns, block by block."""
        combination = replace(self, combined=array.name)
        combined: da.Array = da.blockwise(
            _combine_block,
            "i" if self.single else "ik",
            array,
            "ij",
            combination=delayed(combination, name=f"source-{combination.array_name}", traverse=False),
            new_axes={} if self.single else {"k": self.weights.shape[1]},
            name=combination.array_name,
            # What has one block along its columns needs no copy.
            concatenate=False,
            meta=np.empty((0,) if self.single else (0, 0)),
        )
        return combined


@short_signature
def combine(array: StorableArray, weights: ArrayLike | Mapping[Any, float]) -> da.Array:
    """Linear combinations of the columns of a lazy array, with the same bits for any chunks.

    Parameters
    ----------
    array : dask.array.Array or xarray.DataArray, shape (n, d)
        A sample, what is derived from one, or what `from_zarr` opened, of real numbers. Its columns must not be cut
        into chunks.
    weights : array_like, shape (d,) or (d, m), or mapping or Series from names to numbers
        Finite weights of the columns. A mapping names columns of a sample of a named distribution, of a store with
        names, or of a DataArray with labels, by their text or by what they were made of, such as dates; the others
        weigh nothing, and are not looked at.

    Returns
    -------
    dask.array.Array, shape (n,) or (n, m)
        ``array @ weights``, always float64, in blocks of the same rows.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        For weights that do not fit the columns, or are not finite; names that no column has; an array that does not
        have two axes, or whose columns are cut.

    See Also
    --------
    mvn_dask.estimate : Numbers of the combination, with their errors.
    dask.array.dot : The same product through a BLAS, whose bits depend on the blocks.

    Notes
    -----
    A combination is the sum of its products in the order of the columns, each rounded by itself: the same bits for any
    blocks, on every processor, with numba or without. ``array @ weights`` goes through BLAS, whose bits may change with
    the height of a block and with the processor. As there, infinite or missing numbers (NaN) give NaN with a weight of
    0, unless a mapping leaves their column out.

    Examples
    --------
    >>> import mvn_dask
    >>> normal = mvn_dask.MultivariateNormal([1.0, 2.0], 1.0, names=["oil", "gas"])
    >>> x = normal.sample(100_000, seed=1)
    >>> mvn_dask.combine(x, [0.5, 0.5])
    dask.array<combination, shape=(100000,), dtype=float64, chunksize=(100000,), chunktype=numpy.ndarray>
    >>> round(float(mvn_dask.combine(x, {"gas": 3.0}).mean().compute()), 2)
    6.0
    """
    refuse_query_planning()
    given, labels = split_column_labels(array)
    _refuse_other_arrays(given)
    columns: tuple[int, ...] | None = None
    weights = _without_labels(weights)
    if isinstance(weights, Mapping):
        columns, numbers = _named_weights(weights, labels)
    else:
        numbers = real_array("weights", weights)
    checks.finite("weights", numbers)
    if columns is None and (numbers.ndim not in (1, 2) or len(numbers) != given.shape[1] or not numbers.size):
        raise ArgumentError(
            f"`weights` must have shape {(given.shape[1],)} or ({given.shape[1]}, m) for an array of "
            f"{plural(given.shape[1], 'column')}: its shape is {numbers.shape}"
        )
    # A copy, since whoever writes into the weights later would change what is computed.
    matrix = np.array(numbers.reshape(len(numbers), -1), np.float64, order="C")
    matrix.setflags(write=False)
    return Combination(matrix, columns, numbers.ndim == 1, given.name).of_array(given)


def combination_of(array: da.Array) -> tuple[Combination, SampleSpec] | None:
    """What an array is combined by, and of which sample; None for what is not exactly a combination of a sample."""
    sources = list(graph_sources(array))
    found = (each for each in sources if isinstance(each, Combination) and each.array_name == array.name)
    combination = next(found, None)
    if combination is None:
        return None
    specs = (each for each in sources if isinstance(each, SampleSpec) and each.lineage.is_of(combination.combined))
    spec = next(specs, None)
    return None if spec is None else (combination, spec)


def _combine_block(rows: Any, combination: Combination) -> Float64Array:
    # dask gives the blocks along an axis that is summed over as a list: one.
    (block,) = rows
    return combination.of_rows(block)


@np.errstate(all="ignore")
def _combine(rows: Float64Array, weights: Float64Array, out: Float64Array) -> None:
    """Combine rows, C-contiguous, by compiled code where there is some."""
    code = compiled_module("linear_combinations")
    if code is not None:
        code.combine(rows, weights, out)
        return
    np.multiply(rows[:, :1], weights[0], out=out)
    for column in range(1, len(weights)):
        out += rows[:, column, None] * weights[column]


def _refuse_other_arrays(array: Any) -> None:
    if not isinstance(array, da.Array):
        raise ArgumentTypeError(
            f"`array` must be a dask array, not {type(array).__name__}: da.from_array(…, chunks=…) makes one"
        )
    refuse_other_numbers("array", array.dtype)
    refuse_masked(array._meta)
    if array.ndim != 2 or not array.shape[1]:
        way_out = ": array.reshape(len(array), -1) makes columns of its other axes" if array.ndim > 2 else ""
        raise ArgumentError(f"`array` must have rows of at least one column: its shape is {array.shape}{way_out}")
    if array.numblocks[1] > 1:
        raise ArgumentError(
            f"`array` must not be cut along its columns: its blocks are {array.chunksize} of {array.shape}. "
            "array.rechunk({0: 'auto', 1: -1}) makes blocks of whole rows"
        )


def _without_labels(weights: Any) -> Any:
    """A mapping in place of a Series; refused is what has labels that would not be looked at."""
    if is_instance(weights, "pandas", "Series"):
        if not weights.index.is_unique:
            twice = weights.index[weights.index.duplicated()][0]
            raise ArgumentError(f"`weights` names {short_repr(twice)} more than once: add them up")
        return dict(weights.items())
    if any(not axis.is_default for axis in row_axes_of("weights", weights)):
        raise ArgumentTypeError(
            f"`weights` must be an array, a mapping or a Series: labels of a {type(weights).__name__} are not looked "
            "at. Give weights.to_numpy(), in the order of the columns"
        )
    return weights


def _named_weights(weights: Mapping[Any, Any], labels: tuple[str, ...] | None) -> tuple[tuple[int, ...], Float64Array]:
    """Numbers of the columns that are named, ascending, and their weights."""
    if labels is None:
        raise ArgumentError(
            "`weights` names columns, and those of `array` have no names: they come from `names` of a distribution, or "
            "give an array of weights"
        )
    if not weights:
        raise ArgumentError("`weights` must name a column at least")
    numbers = {label: number for number, label in enumerate(labels)}
    # Labels of a frame, as dates, are names as text.
    named = [(label_text(label), value) for label, value in weights.items()]
    if unknown := [name for name, _ in named if name not in numbers]:
        known = ", ".join(map(repr, labels[:5])) + (", …" if len(labels) > 5 else "")
        raise ArgumentError(f"`weights` names {short_repr(unknown[0])}, and the columns of `array` are called {known}")
    if twice := [name for name, _ in named if labels.count(name) > 1]:
        raise ArgumentError(f"`weights` names {short_repr(twice[0])}, and more than one column is called so")
    values = {numbers[name]: checks.real_number("weights", value, "finite") for name, value in named}
    if len(values) < len(named):
        raise ArgumentError("`weights` names a column more than once, by labels of two types: add them up")
    columns = tuple(sorted(values))
    return columns, np.array([values[column] for column in columns])
