"""Inputs in random forms, sound and spoilt: the numbers and names of plain arrays come out, or an error of one line."""

import string
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse
import xarray as xr

import mvn_dask
from mvn_dask.array_likes import real_array
from mvn_dask.errors import ArgumentError, ArgumentTypeError, MvnDaskError
from mvn_dask.job.paths import location_of
from mvn_dask.locations import as_text, parse_location
from mvn_dask.random.streams import as_root, recorded_root
from tests.support.units import UNITS
from tests.test_labels import names_of

Array = np.ndarray[Any, Any]
Form = Callable[[Array, Any, np.random.Generator], Any]
"""From numbers, labels and randomness to an array-like."""

ELEMENTS: list[Callable[[float], Any]] = [
    float, np.float32, np.float64, Fraction, lambda number: Decimal(str(number)), np.array,
    lambda number: int(number) if number == int(number) else number,
]  # fmt: skip
"""Forms of a number; eighths are exact in all of them."""
PANDAS_DTYPES = ["float64", "Float64", "float32", "Float32", "double[pyarrow]", object, "Sparse[float]"]


def nested(numbers: Array, labels: Any, rng: np.random.Generator) -> Any:
    if numbers.ndim > 1:
        return rng.choice(np.array([list, tuple]))([nested(row, labels, rng) for row in numbers])
    return rng.choice(np.array([list, tuple]))(ELEMENTS[rng.integers(len(ELEMENTS))](float(each)) for each in numbers)


def array(numbers: Array, labels: Any, rng: np.random.Generator) -> Any:
    dtype: Any = rng.choice(np.array(["f4", "f8", "g", "O", ">f8"]))
    return np.array(numbers, dtype=dtype, order="F" if rng.random() < 0.5 else "C")


def pandas_form(numbers: Array, labels: Any, rng: np.random.Generator) -> Any:
    dtype: Any = PANDAS_DTYPES[rng.integers(len(PANDAS_DTYPES))]
    if numbers.ndim == 1:
        return pd.Series(numbers, index=labels).astype(dtype)
    return pd.DataFrame(numbers, index=labels, columns=labels).astype(dtype)


def polars_form(numbers: Array, labels: Any, rng: np.random.Generator) -> Any:
    schema = None if labels is None else [str(label) for label in labels]
    return pl.DataFrame(np.atleast_2d(numbers), schema=schema, orient="row")


def arrow_form(numbers: Array, labels: Any, rng: np.random.Generator) -> Any:
    columns = list(np.atleast_2d(numbers).T)
    return pa.table([pa.array(column) for column in columns], names=[str(label) for label in labels])


def xarray_form(numbers: Array, labels: Any, rng: np.random.Generator) -> Any:
    dims = [str(dim) for dim in rng.permutation(["index", "columns", "x"])[: numbers.ndim]]
    coords = {} if labels is None else dict.fromkeys(dims, labels)
    return xr.DataArray(da.from_array(numbers) if rng.random() < 0.5 else numbers, dims=dims, coords=coords)


def dask_form(numbers: Array, labels: Any, rng: np.random.Generator) -> Any:
    return da.from_array(numbers, chunks=int(rng.integers(1, 4)))


FORMS: list[tuple[Form, bool]] = [
    (nested, False), (array, False), (dask_form, False),
    (pandas_form, True), (polars_form, True), (xarray_form, True), (arrow_form, True),
]  # fmt: skip
"""Forms, and whether they have labels."""


def moments(rng: np.random.Generator) -> tuple[Array, Array]:
    """A mean, and a covariance: sums of squares of eighths."""
    ndim = int(rng.integers(2, 5))
    factor = rng.integers(-8, 9, (ndim, ndim))
    return rng.integers(-64, 65, ndim) / 8, (factor @ factor.T + np.eye(ndim)) / 8


def labels_of(ndim: int, rng: np.random.Generator) -> list[Any]:
    kinds: list[list[Any]] = [
        [f"v{number}" for number in range(ndim)],
        list(range(2000, 2000 + ndim)),
        list(range(ndim)),
        list(pd.date_range("2026-01-01", periods=ndim)),
        ["öl", "gas", "index", "columns"][:ndim],
    ]
    return kinds[rng.integers(len(kinds))]


def formed(rng: np.random.Generator, numbers: Array, labels: list[Any]) -> tuple[Any, bool]:
    form, labelled = FORMS[rng.integers(len(FORMS))]
    if labelled and rng.random() < 0.3 and form is not arrow_form:
        return form(numbers, None, rng), False
    return form(numbers, labels if labelled else None, rng), labelled


@pytest.mark.parametrize("batch", range(4))
def test_sound_inputs_are_those_of_plain_arrays(batch: int) -> None:
    for case in range(60):
        rng = np.random.default_rng([20261126, batch, case])
        mean, cov = moments(rng)
        labels = labels_of(len(mean), rng)
        (given_mean, mean_labelled), (given_cov, cov_labelled) = formed(rng, mean, labels), formed(rng, cov, labels)
        normal = mvn_dask.MultivariateNormal(given_mean, given_cov, method="cholesky")
        np.testing.assert_array_equal(normal.mean, mean, str(case))
        np.testing.assert_array_equal(normal.covariance.to_dense(), cov, str(case))
        texts = tuple(str(label) for label in labels)
        is_default = labels == list(range(len(labels)))
        # Text columns of polars and pyarrow cannot tell 0, 1, … from names.
        if mean_labelled or cov_labelled:
            assert normal.names == texts or (normal.names is None and is_default), (case, normal.names, labels)
        else:
            assert normal.names is None, case


SPOILS: list[Any] = [
    None, float("nan"), float("-inf"), pd.NA, pd.NaT, 1j, "1.5", b"x", np.ma.masked, 10**400, Decimal("sNaN"),
    UNITS.Quantity(1.0, "m"), [1.0, 2.0], {"a": 1}, object(), scipy.sparse.eye_array(2), pd.Timestamp("2026-01-01"),
    np.timedelta64(1, "s"),
]  # fmt: skip
"""What stands in the place of one number."""


@pytest.mark.parametrize("batch", range(4))
def test_spoilt_inputs_are_refused_in_a_line(batch: int) -> None:
    for case in range(60):
        rng = np.random.default_rng([20261127, batch, case])
        mean, cov = moments(rng)
        rows = nested(mean if rng.random() < 0.5 else cov, None, np.random.default_rng(case))
        rows = [list(row) if isinstance(row, (list, tuple)) else row for row in rows]
        place = int(rng.integers(len(rows)))
        spoilt = SPOILS[case % len(SPOILS)]
        if isinstance(rows[0], list):
            rows[place][int(rng.integers(len(rows)))] = spoilt
        else:
            rows[place] = spoilt
        is_mean = not isinstance(rows[0 if place else 1], list)
        given: Any = [rows, cov] if is_mean else [mean, rows]
        if rng.random() < 0.3:
            changed = np.empty(np.shape(cov if not is_mean else mean), dtype=object)
            for index in np.ndindex(changed.shape):
                changed[index] = rows[index[0]] if is_mean else rows[index[0]][index[1]]
            given[0 if is_mean else 1] = changed
        with pytest.raises(MvnDaskError) as caught:
            mvn_dask.MultivariateNormal(*given, check_valid="raise")
        assert isinstance(caught.value, (ArgumentError, ArgumentTypeError)), (case, spoilt)
        assert "\n" not in str(caught.value)
        assert ("mean" if is_mean else "cov") in str(caught.value), (case, str(caught.value))


def test_labels_in_another_order_are_refused() -> None:
    labelled = [form for form, has_labels in FORMS if has_labels]
    for case in range(100):
        rng = np.random.default_rng([20261128, case])
        mean, cov = moments(rng)
        labels = [f"v{number}" for number in range(len(mean))]
        others = list(np.roll(labels, int(rng.integers(1, len(labels)))))
        one, other = (labelled[rng.integers(len(labelled))] for _ in range(2))
        with pytest.raises(ArgumentError, match=r"of `mean` and .* of `cov` must agree"):
            mvn_dask.MultivariateNormal(one(mean, labels, rng), other(cov, others, rng))
        assert names_of(one(mean, labels, rng), other(cov, labels, rng)) == tuple(labels)


def random_seed(rng: np.random.Generator, depth: int = 3) -> Any:
    """Integers in lists, tuples, ranges and arrays; now and then something that is no seed."""
    kind = int(rng.integers(14))
    number = int(rng.integers(2**63)) >> int(rng.integers(64))
    leaves: list[Any] = [
        number, number**3, np.uint64(number), np.int64(number), np.uint8(number % 256), bool(number % 2),
        str(number), hex(number), rng.integers(2**31, size=3).astype(rng.choice(np.array(["u4", "i8", "u8", "O"]))),
    ]  # fmt: skip
    bad: list[Any] = [-1, 1.5, None, "x", np.array(3), object(), np.array([1.5]), Fraction(3)]
    if kind == 13 and rng.random() < 0.4:
        return bad[rng.integers(len(bad))]
    if kind >= 9 and depth:
        parts = [random_seed(rng, depth - 1) for _ in range(rng.integers(4))]
        return tuple(parts) if kind % 2 else parts
    return range(number % 5) if kind == 12 else leaves[kind % len(leaves)]


def flat(seed: Any) -> Any:
    """The parts of a nested seed in one list, of which numpy up to 2.4 makes the same."""
    if isinstance(seed, (list, tuple, range)) or (isinstance(seed, np.ndarray) and seed.ndim):
        nested = [flat(part) if isinstance(part, (list, tuple, range, np.ndarray)) else part for part in seed]
        return [word for part in nested for word in (part if isinstance(part, list) else [part])]
    return seed


def test_seeds_are_numpys_or_refused_where_numpy_refuses() -> None:
    refused = 0
    for case in range(400):
        seed = random_seed(np.random.default_rng([20261129, case]))
        try:
            theirs = np.random.SeedSequence(flat(seed))
        except (TypeError, ValueError) as error:
            kind = ArgumentTypeError if isinstance(error, TypeError) else ArgumentError
            with pytest.raises(kind, match=r"^`seed` cannot be .*: give an integer that is not negative") as caught:
                as_root(seed)
            assert "\n" not in str(caught.value)
            refused += 1
            continue
        if seed is None:
            continue  # which is fresh entropy
        root = as_root(seed)
        assert recorded_root(root.record()) == root
        np.testing.assert_array_equal(root.seed_sequence().generate_state(6), theirs.generate_state(6))
        child = theirs.spawn(case % 3 + 1)[-1].spawn(case % 5 + 1)[-1]
        ours = root.child(case % 3).child(case % 5).seed_sequence()
        np.testing.assert_array_equal(ours.generate_state(6), child.generate_state(6), str(case))
    assert 40 < refused < 300


def test_texts_are_paths_or_urls_or_refused_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.setenv("A", "s3://bucket")
    words = ["~", "/", "//", ":", "s3", "file", "FILE", "memory", "localhost", "host", "${A}", "${", "}", "$A", "%20"]
    words += ["%00", "\0", "\n", "é", ".", "..", "@", "?", "#", " ", "a", "root", *string.ascii_lowercase[:3]]
    paths = urls = 0
    for case in range(1000):
        rng = np.random.default_rng([20261130, case])
        text = "".join(rng.choice(np.array(words), size=rng.integers(6)))
        for read in (parse_location, location_of):
            found: Path | str | None = None
            with suppress(ArgumentError):
                found = read(text)
            if isinstance(found, Path):
                paths += 1
                assert parse_location(as_text(found)) == found
                assert not str(found).startswith("s3:") or text.startswith(("./", "file:", "FILE:")), text
            elif found is not None:
                urls += 1
                assert "://" in found
                assert found.partition(":")[0].islower()
            else:
                with pytest.raises(ArgumentError, match=r"^[^\n]*$"):
                    read(text)
    assert paths > 400
    assert urls > 20


def test_arrays_of_any_dtype_are_float64_or_refused() -> None:
    for code in np.typecodes["All"] + "T":
        dtype: Any = np.dtypes.StringDType() if code == "T" else np.dtype(code)
        for shape in ((), (2,), (2, 2)):
            numbers = np.zeros(shape, dtype)
            if dtype.kind in "biuf":
                assert real_array("cov", numbers).dtype == np.float64
            elif code == "O":
                assert real_array("cov", numbers).tolist() == np.zeros(shape).tolist()
            else:
                with pytest.raises(ArgumentTypeError, match=r"`cov` must hold real numbers|must not be complex"):
                    real_array("cov", numbers)
