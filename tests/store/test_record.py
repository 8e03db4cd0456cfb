import json
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest

import mvn_dask
from mvn_dask.errors import AlignmentError, ArgumentTypeError, DamagedRecordError, SpecMismatchError
from mvn_dask.store.record import PlanRecord, create, plan_record, provenances, read, write_arrays

NORMAL = mvn_dask.MultivariateNormal([0.0, 1.0], [[2.0, 1.0], [1.0, 2.0]])


def sample(**options: Any) -> da.Array:
    return NORMAL.sample(**{"size": 100, "seed": 1, "chunks": 40, **options})


def payoff(x: Any) -> Any:
    return np.maximum(x.sum(axis=-1) - 1.0, 0.0)


def derived(x: da.Array) -> da.Array:
    payoffs: da.Array = da.map_blocks(payoff, x, drop_axis=1, dtype=x.dtype)
    return payoffs


def test_a_sample_is_known_by_all_that_decides_it() -> None:
    record, arrays = plan_record(sample())
    assert record.content["kind"] == "sample"
    assert (record.shape, record.chunks) == ((100, 2), (40, 2))
    assert record.dtype == np.float64
    assert record.dimensions == ("sample", "variable")
    assert f"mvn-{record.fingerprint}-40" == sample().name
    np.testing.assert_array_equal(arrays["mean"], NORMAL.mean)
    np.testing.assert_allclose(arrays["factor"] @ arrays["factor"].T, NORMAL.covariance.to_dense())


def test_a_derived_array_is_known_by_its_expression_and_its_samples() -> None:
    record, arrays = plan_record(derived(sample()))
    assert not arrays
    assert record.content["kind"] == "derived"
    assert record.content["expression"].startswith("payoff-")
    assert [each["entropy"] for each in record.content["samples"]] == ["1"]
    assert plan_record(derived(sample()))[0].content == record.content
    assert plan_record(derived(sample(seed=2)))[0].fingerprint != record.fingerprint
    assert plan_record(sample() + 1)[0].fingerprint != plan_record(sample() + 2)[0].fingerprint


def test_all_samples_of_an_expression_are_found() -> None:
    both = sample(seed=1) * sample(seed=2)[::-1] + np.float64(3)
    assert {origin.values["entropy"] for origin in provenances(both)} == {"1", "2"}
    assert provenances(da.ones(5)) == []


@pytest.mark.parametrize(
    ("other", "fields"),
    [
        (sample(seed=2), ["samples[0].entropy"]),
        (sample(seed=np.random.SeedSequence(1, spawn_key=(4,))), ["samples[0].key"]),
        (sample(seed=np.random.PCG64(1)), ["samples[0].bit_generator"]),
        (sample(size=120), ["array.shape", "samples[0].size"]),
        (sample(chunks=50), ["array.chunks"]),
        (sample(dtype=np.float32), ["array.dtype", "samples[0].dtype", "samples[0].factor"]),
        (
            mvn_dask.MultivariateNormal([0.0, 2.0], NORMAL.covariance).sample(100, seed=1, chunks=40),
            ["samples[0].mean"],
        ),
        (
            mvn_dask.MultivariateNormal([0.0, 1.0], [[2.0, 1.0], [1.0, 2.5]]).sample(100, seed=1, chunks=40),
            ["samples[0].covariance.digest", "samples[0].factor"],
        ),
        (
            mvn_dask.MultivariateNormal([0.0, 1.0], [[2.0, 1.0], [1.0, 2.0]], method="cholesky").sample(
                100, seed=1, chunks=40
            ),
            ["samples[0].covariance.method", "samples[0].factor"],
        ),
        (derived(sample()), ["array.dimensions", "array.shape", "expression", "kind"]),
    ],
)
def test_every_difference_is_named(other: da.Array, fields: list[str]) -> None:
    record, _ = plan_record(sample())
    with pytest.raises(SpecMismatchError, match="Give the array that the store was begun with") as caught:
        record.refuse_difference(plan_record(other)[0], Path("x"))
    assert all(f"`{field}` is " in str(caught.value) for field in fields)
    record.refuse_difference(plan_record(sample())[0], Path("x"))


@pytest.mark.parametrize(
    ("array", "text"),
    [
        (sample().rechunk(((30, 40, 30), 2)), r"axis 0 differ: 30, 40, 30\. Draw the sample with chunks=40"),
        (sample().rechunk(((40, 60), 2)), r"use array.rechunk\(\{0: 60\}\)"),
        (sample()[sample()[:, 0] > 0], "unknown chunks"),
    ],
)
def test_blocks_that_are_no_whole_chunks(array: da.Array, text: str) -> None:
    with pytest.raises(AlignmentError, match=text):
        plan_record(array)


@pytest.mark.parametrize(
    "array",
    [
        np.ones(3),
        [1, 2],
        None,
        da.asarray(np.array(["a"])),
        da.ones(3, dtype=np.longdouble),
        da.ma.masked_equal(da.ones(3), 1),
    ],
)
def test_no_array_of_numbers(array: Any) -> None:
    with pytest.raises(ArgumentTypeError, match="`array` must"):
        plan_record(array)


def test_the_file_is_created_once_and_read_back(tmp_path: Path) -> None:
    record, arrays = plan_record(sample())
    assert read(tmp_path) is None
    assert create(tmp_path, record)
    assert not create(tmp_path, plan_record(sample(seed=2))[0])
    stored = read(tmp_path)
    assert isinstance(stored, PlanRecord)
    assert stored.content == record.content
    write_arrays(tmp_path, arrays)
    np.testing.assert_array_equal(np.load(tmp_path / ".mvn_dask" / "mean.npy"), NORMAL.mean)
    np.testing.assert_array_equal(np.load(tmp_path / ".mvn_dask" / "factor.npy"), arrays["factor"])


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda _: "{", "is no JSON"),
        (lambda _: "[]", "format version None"),
        (
            lambda content: json.dumps({**content, "format_version": 2}),
            "format version 2; this mvn_dask reads 1",
        ),
        (lambda content: json.dumps({**content, "extra": 1}), "must have the fields"),
        (lambda content: json.dumps({**content, "array": []}), "is damaged"),
        (lambda content: json.dumps({**content, "array": {**content["array"], "shape": "x"}}), "is damaged"),
        (lambda content: json.dumps({**content, "array": {**content["array"], "chunks": [0, 2]}}), "is damaged"),
        (lambda content: json.dumps({**content, "array": {**content["array"], "chunks": [40]}}), "disagree"),
        (lambda content: json.dumps({**content, "array": {**content["array"], "dtype": "foo"}}), "is damaged"),
        (lambda content: json.dumps({**content, "samples": []}), "is damaged"),
        (lambda content: json.dumps({**content, "fingerprint": "0" * 64}), "the fingerprint is another"),
        (lambda content: json.dumps({**content, "format": "other"}), "must have the fields"),
    ],
)
def test_records_that_are_none(change: Any, text: str, tmp_path: Path) -> None:
    record, _ = plan_record(sample())
    create(tmp_path, record)
    (tmp_path / ".mvn_dask" / "plan.json").write_text(change(record.content))
    with pytest.raises(DamagedRecordError, match=text):
        read(tmp_path)
