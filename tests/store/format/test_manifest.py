import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest

import mvn_dask
from mvn_dask.errors import ArgumentError, DamagedManifestError, SpecMismatchError
from mvn_dask.hashing import canonical_json, fingerprint
from mvn_dask.store.array_manifest import manifest_of
from mvn_dask.store.format.manifest import MAX_MANIFEST_BYTES, Manifest, is_unchanged, parse_manifest, read_manifest
from mvn_dask.store.storage.base import MANIFEST_KEY
from mvn_dask.store.storage.local import LocalStorage
from tests.support.arrays import NORMAL, derived, sample

FACTOR = "samples[0].parameters.factor.matrix"


@pytest.mark.parametrize(
    ("other", "fields"),
    [
        (sample(seed=2), ["samples[0].entropy"]),
        (sample(seed=np.random.SeedSequence(1, spawn_key=(4,))), ["samples[0].key"]),
        (sample(seed=np.random.PCG64(1)), ["samples[0].bit_generator"]),
        (sample(size=120), ["array.shape", "samples[0].size"]),
        (sample(chunks=50), ["array.chunks"]),
        (sample(dtype=np.float32), ["array.dtype", "samples[0].dtype", f"{FACTOR}.dtype", f"{FACTOR}.sha256"]),
        (
            mvn_dask.MultivariateNormal([0.0, 2.0], NORMAL.covariance).sample(100, seed=1, chunks=40),
            ["samples[0].parameters.mean.sha256"],
        ),
        (
            mvn_dask.MultivariateNormal([0.0, 1.0], [[2.0, 1.0], [1.0, 2.5]]).sample(100, seed=1, chunks=40),
            ["samples[0].distribution.covariance.digest", f"{FACTOR}.sha256"],
        ),
        (
            mvn_dask.MultivariateNormal([0.0, 1.0], [[2.0, 1.0], [1.0, 2.0]], method="eigh").sample(
                100, seed=1, chunks=40
            ),
            ["samples[0].distribution.covariance.method", "samples[0].distribution.factor.kind", f"{FACTOR}.sha256"],
        ),
        (derived(sample()), ["array.dimensions", "array.shape", "expression", "kind"]),
    ],
)
def test_every_difference_is_named(other: da.Array, fields: list[str]) -> None:
    manifest, _ = manifest_of(sample())
    with pytest.raises(SpecMismatchError, match="Give the array that the store was begun with") as caught:
        manifest.require_same(manifest_of(other)[0], LocalStorage(Path("x")))
    assert all(f"`{field}` is " in str(caught.value) for field in fields)
    assert "LAPACK" not in str(caught.value)
    manifest.require_same(manifest_of(sample())[0], LocalStorage(Path("x")))


def test_a_factor_of_another_lapack_is_called_so() -> None:
    manifest, _ = manifest_of(sample())
    content = manifest.as_dict()
    content["samples"][0]["parameters"]["factor.matrix"]["sha256"] = "0" * 64
    with pytest.raises(SpecMismatchError, match="Another build of numpy's LAPACK made that factor") as caught:
        manifest.require_same(parse_manifest(signed(content), "other"), LocalStorage(Path("x")))
    assert str(caught.value).count("`") == 2


def test_the_file_is_created_once_and_read_back(tmp_path: Path) -> None:
    manifest, _ = manifest_of(sample())
    storage = LocalStorage(tmp_path)
    assert read_manifest(storage) is None
    assert storage.create(MANIFEST_KEY, manifest.text)
    assert not storage.create(MANIFEST_KEY, manifest_of(sample(seed=2))[0].text)
    stored = read_manifest(storage)
    assert isinstance(stored, Manifest)
    assert stored == manifest
    assert is_unchanged(storage, manifest)
    assert not is_unchanged(storage, manifest_of(sample(seed=2))[0])


def test_the_fields() -> None:
    manifest, arrays = manifest_of(sample(), 8)
    assert manifest.as_dict()["format_version"] == 6
    assert (manifest.kind, manifest.expression, len(manifest.samples)) == ("sample", None, 1)
    assert manifest.array.inner_chunks == (8, 2)
    assert {name: (info.shape, info.dtype, info.nbytes) for name, info in manifest.parameters.items()} == {
        name: (array.shape, array.dtype, array.nbytes) for name, array in arrays.items()
    }
    assert json.loads(manifest.text) == manifest.as_dict()


def signed(content: dict[str, Any], **fields: Any) -> bytes:
    """A manifest whose copy of the parameters and fingerprint are right, as whoever forges one would see to it."""
    content = {**content, **fields}
    if content["kind"] == "sample":
        content["parameters"] = content["samples"][0]["parameters"]
        return canonical_json({**content, "fingerprint": fingerprint(content["samples"][0])}).encode()
    values = {name: content[name] for name in ("expression", "samples")}
    return canonical_json({**content, "fingerprint": fingerprint(values)}).encode()


def array(**fields: Any) -> Callable[[Any], bytes]:
    return lambda content: signed(content, array={**content["array"], **fields})


def changed(**fields: Any) -> Callable[[Any], bytes]:
    return lambda content: canonical_json({**content, **fields}).encode()


def parameter(name: str = "mean", **fields: Any) -> Callable[[Any], bytes]:
    """A sample that records a parameter of another name, or with other fields."""

    def change(content: Any) -> bytes:
        (recorded,) = content["samples"]
        return signed(
            content, samples=[{**recorded, "parameters": {name: {**recorded["parameters"]["mean"], **fields}}}]
        )

    return change


def labels(texts: list[Any], dtype: str = "text") -> dict[str, Any]:
    """What stands for labels along the variables."""
    return {"variable": {"dims": ["variable"], "dtype": dtype, "labels": texts, "attributes": {}}}


HOSTILE: dict[str, tuple[Callable[[Any], bytes], str]] = {
    "no JSON": (lambda _: b"{", "is no JSON"),
    "deep": (lambda _: b"[" * 100_000, "is no JSON"),
    "NaN": (lambda content: canonical_json(content).replace("100", "NaN").encode(), "is no JSON: NaN is no number"),
    "a list": (lambda _: b"[]", "format version None"),
    "version 3": (changed(format_version=3), "format version 3; this mvn_dask reads 6: .* overwrite=True"),
    "version 4": (changed(format_version=4), "format version 4; this mvn_dask reads 6"),
    "version 2": (changed(format_version=2), "format version 2; this mvn_dask reads 6"),
    "version 7": (changed(format_version=7), "format version 7; this mvn_dask reads 6"),
    "a version as text": (changed(format_version="6"), "format version '6'"),
    "a version as float": (changed(format_version=6.0), r"format version 6\.0"),
    "another format": (changed(format="other"), "its format is 'other'"),
    "a field more": (changed(extra=1), "must be an object of exactly kind, expression, samples"),
    "a field less": (
        lambda content: canonical_json({key: content[key] for key in content if key != "kind"}).encode(),
        "must be an object of exactly kind",
    ),
    "a field twice": (
        lambda content: b'{"array":{},' + canonical_json(content).encode()[1:],
        "not spelt as mvn_dask writes it",
    ),
    "blanks": (lambda content: json.dumps(content, indent=1).encode(), "not spelt as mvn_dask writes it"),
    "another kind": (changed(kind="other"), "`kind` must be one of sample, derived, not 'other'"),
    "an expression of a sample": (changed(expression="x"), "the expression of a sample array cannot be 'x'"),
    "no expression": (changed(kind="derived"), "the expression of a derived array cannot be None"),
    "no samples": (changed(samples=[]), "0 samples"),
    "two samples": (lambda content: signed(content, samples=content["samples"] * 2), "2 samples"),
    "samples as numbers": (changed(samples=[1]), "`samples` must be an object"),
    "another fingerprint": (changed(fingerprint="0" * 64), "the fingerprint is another"),
    "parameters of a derived array": (
        changed(kind="derived", expression="x"),
        "its parameters are not those that its sample records",
    ),
    "no parameters": (changed(parameters={}), "its parameters are not those that its sample records"),
    "a sample without parameters": (
        changed(samples=[{"ndim": 2}]),
        "its parameters are not those that its sample records",
    ),
    "no array": (changed(array=[]), "`array` must be an object of exactly shape, chunks"),
    "an array's field more": (array(extra=1), "`array` must be an object of exactly"),
    "shape: text": (array(shape="x"), "`array.shape` must be a list"),
    "shape: a float": (array(shape=[100.0, 2]), r"`array.shape` must be an integer from 0 to 2\*\*63 - 1, not 100.0"),
    **{f"shape: {n}": (array(shape=[n, 2]), "`array.shape` must be an integer") for n in (True, -1, 2**63)},
    "chunks: many": (array(shape=[10**15, 2], chunks=[1, 2]), "more than 10000000 chunks"),
    "chunks: many of nothing": (array(shape=[0, 2**40], chunks=[1, 1], coordinates={}), "more than 10000000 chunks"),
    "shape: many axes": (
        array(shape=[1] * 5000, chunks=[1] * 5000, dimensions=["x"] * 5000, coordinates={}),
        "an array of 5000 axes has more than 64",
    ),
    "chunks: zero": (array(chunks=[0, 2]), "must be at least 1"),
    "chunks: of other axes": (array(chunks=[40]), "disagree"),
    "inner chunks: no divisor": (array(inner_chunks=[3, 2]), "do not divide"),
    "inner chunks: zero": (array(inner_chunks=[0, 2]), "must be at least 1"),
    "inner chunks: none of them": (array(inner_chunks=[]), "disagree"),
    "inner chunks: of another axis": (array(inner_chunks=[40, 1]), "do not divide"),
    "dtype: unknown": (array(dtype="foo"), "`array.dtype` must be one of bool, .*, not 'foo'"),
    **{f"dtype: {dtype}": (array(dtype=dtype), "`array.dtype` must be one of") for dtype in ("object", "<f8")},
    "dimensions: a path": (array(dimensions=["sample", "../../etc"]), "must be words"),
    "dimensions: the array": (array(dimensions=["sample", "samples"]), "none of samples, mean"),
    "dimensions: the mean": (array(dimensions=["sample", "mean"]), "none of samples, mean"),
    "labels: too few": (array(coordinates=labels(["a"])), "do not go with 1 label along 'variable'"),
    "labels: numbers": (array(coordinates=labels([1, 2])), "labels` must be text, not 1"),
    "labels: half a character": (array(coordinates=labels(["a", "\ud800"])), "labels` must be text"),
    "labels: of another type": (array(coordinates=labels(["a", "b"], "float64")), "type 'float64' cannot be read"),
    "labels: of no type": (array(coordinates=labels(["a", "b"], "object")), "of the type 'object' are not known"),
    "labels: along no axis": (
        array(coordinates={"x": {**labels(["a"])["variable"], "dims": ["x"]}}),
        "with 1 label along 'x'",
    ),
    "labels: of nothing": (array(coordinates={"x": labels(["a", "b"])["variable"] | {"dims": []}}), "along none"),
    "labels: of truth": (array(coordinates=labels(["true", "false"], "bool")), "of the type 'bool' cannot be read"),
    "labels: attributes": (
        array(coordinates={"variable": labels(["a", "b"])["variable"] | {"attributes": {"_FillValue": "a"}}}),
        "would change what readers see",
    ),
    "the name: a path": (array(name="a/b"), "must be words that differ"),
    "the name: a dimension": (array(name="variable"), "must be words that differ"),
    "an index: of no level": (array(indexes={"variable": ["x"]}), "must be coordinates along it"),
    "attributes: a unit of time": (array(attributes={"units": "days since 2000-01-01"}), "would change"),
    "labels: a list": (array(coordinates=["a", "b"]), "`array.coordinates` must be an object"),
    "axes of a draw: many": (array(event_axes=3), "has less than 3"),
    "axes of a draw: text": (array(event_axes="1"), "`array.event_axes` must be an integer"),
    **{
        f"parameter: {name!r}": (parameter(name), "must be dotted words")
        for name in ("a/b", "../../../etc/passwd", ".", "a..b", ".a", "a.", "Mean", "mean\n", "", "a" * 101)
    },
    **{
        f"parameter: of {dtype}": (parameter(dtype=dtype), "`parameters.mean.dtype` must be one of")
        for dtype in ("object", "O", "V8", [["a", "<f8"]])
    },
    "parameter: bool as a size": (parameter(shape=[True]), "`parameters.mean.shape` must be an integer"),
    "parameter: a negative size": (parameter(shape=[-2]), "`parameters.mean.shape` must be an integer"),
    "parameter: many axes": (parameter(shape=[1] * 33), "a parameter array has 33 axes"),
    "parameter: no digest": (parameter(sha256="x"), "the digest 'x'"),
    "parameter: a digest in upper case": (parameter(sha256="A" * 64), "the digest 'AA"),
    "parameter: a field more": (parameter(url="x"), "`parameters.mean` must be an object of exactly shape, dtype"),
    "parameter: no field": (
        lambda content: signed(content, samples=[{**content["samples"][0], "parameters": {"mean": {}}}]),
        "`parameters.mean` must be an object of exactly",
    ),
    "parameters: a list": (
        lambda content: signed(content, samples=[{**content["samples"][0], "parameters": ["mean"]}]),
        "`parameters` must be an object",
    ),
}
"""What is written for a manifest, and how it is refused."""


@pytest.mark.parametrize("harm", HOSTILE)
def test_hostile_manifests_are_refused_in_words(harm: str, tmp_path: Path) -> None:
    manifest, _ = manifest_of(sample())
    storage = LocalStorage(tmp_path)
    change, text = HOSTILE[harm]
    storage.write(MANIFEST_KEY, [change(manifest.as_dict())])
    with pytest.raises(DamagedManifestError, match=text) as caught:
        read_manifest(storage)
    assert len(str(caught.value)) < 2000


def test_parameters_of_any_numbers_and_nested_names() -> None:
    content = manifest_of(sample())[0].as_dict()
    recorded = {
        name: {"shape": shape, "dtype": dtype, "sha256": "0" * 64}
        for name, shape, dtype in (
            ("factor.blocks.0.left_2", [3, 4, 5], "int32"),
            ("a" * 100, [], "bool"),
            ("x.0", [0], "uint8"),
            ("huge", [2**62, 2**62], "float16"),
        )
    }
    manifest = parse_manifest(signed(content, samples=[{**content["samples"][0], "parameters": recorded}]), "here")
    assert manifest.parameters["factor.blocks.0.left_2"].nbytes == 240
    assert manifest.parameters["huge"].nbytes == 2**125


def test_manifests_that_are_not_even_read(tmp_path: Path) -> None:
    manifest, _ = manifest_of(sample())
    storage = LocalStorage(tmp_path)
    storage.write(MANIFEST_KEY, [manifest.text])
    path = tmp_path / MANIFEST_KEY
    with path.open("ab") as file:
        file.truncate(MAX_MANIFEST_BYTES + 1)  # sparse: reading it would take the memory
    with pytest.raises(DamagedManifestError, match="too large with"):
        read_manifest(storage)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DamagedManifestError, match="it is a link, a pipe, a folder or the like"):
        read_manifest(storage)


def test_no_manifest_is_made_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="do not divide"):
        replace(manifest_of(sample())[0].array, inner_chunks=(3, 2))
    monkeypatch.setattr("mvn_dask.store.format.manifest.MAX_MANIFEST_BYTES", 100)
    with pytest.raises(ArgumentError, match=r"`array` cannot be stored: its manifest has .* bytes, and .* at most 100"):
        manifest_of(sample())
