import json
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest

import mvn_dask
from mvn_dask.errors import DamagedManifestError, SpecMismatchError
from mvn_dask.hashing import canonical_json
from mvn_dask.store.array_manifest import manifest_of
from mvn_dask.store.format.manifest import MOST_BYTES, Manifest, is_unchanged, read_manifest
from mvn_dask.store.storage.base import MANIFEST_KEY
from mvn_dask.store.storage.local import LocalStorage
from tests.store.test_array_manifest import NORMAL, derived, sample


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
    manifest, _ = manifest_of(sample())
    with pytest.raises(SpecMismatchError, match="Give the array that the store was begun with") as caught:
        manifest.require_same(manifest_of(other)[0], LocalStorage(Path("x")))
    assert all(f"`{field}` is " in str(caught.value) for field in fields)
    manifest.require_same(manifest_of(sample())[0], LocalStorage(Path("x")))


def test_the_file_is_created_once_and_read_back(tmp_path: Path) -> None:
    manifest, _ = manifest_of(sample())
    storage = LocalStorage(tmp_path)
    assert read_manifest(storage) is None
    assert storage.create(MANIFEST_KEY, manifest.text)
    assert not storage.create(MANIFEST_KEY, manifest_of(sample(seed=2))[0].text)
    stored = read_manifest(storage)
    assert isinstance(stored, Manifest)
    assert stored.content == manifest.content
    assert is_unchanged(storage, manifest.identity)
    assert not is_unchanged(storage, manifest_of(sample(seed=2))[0].identity)


def changed(content: Any, **fields: Any) -> str:
    return canonical_json({**content, **fields})


def array(content: Any, **fields: Any) -> str:
    return changed(content, array={**content["array"], **fields})


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda _: "{", "is no JSON"),
        (lambda _: "[]", "format version None"),
        (lambda content: changed(content, format_version=3), "format version 3; this mvn_dask reads 2"),
        (lambda content: changed(content, format_version="2"), "format version '2'"),
        (lambda content: changed(content, extra=1), "must have the fields"),
        (lambda content: canonical_json({k: v for k, v in content.items() if k != "kind"}), "must have the fields"),
        (lambda content: changed(content, format="other"), "must have the fields"),
        (lambda content: changed(content, array=[]), "is damaged"),
        (lambda content: array(content, extra=1), "is damaged: kind"),
        (lambda content: array(content, shape="x"), "is damaged"),
        (lambda content: array(content, shape=[100.0, 2]), "no shape"),
        (lambda content: array(content, shape=[10**15, 2], chunks=[1, 2]), "more than 10000000 chunks"),
        (lambda content: array(content, shape=[0, 2**40], chunks=[1, 1], names=None), "more than 10000000 chunks"),
        (lambda content: array(content, chunks=[0, 2]), "no chunks"),
        (lambda content: array(content, chunks=[40]), "disagree"),
        (lambda content: array(content, pieces=[3, 2]), "do not divide"),
        (lambda content: array(content, dtype="foo"), "dtype 'foo'"),
        (lambda content: array(content, dtype="object"), "dtype 'object'"),
        (lambda content: array(content, dtype="<f8"), "dtype '<f8'"),
        (lambda content: array(content, dimensions=["sample", "../../etc"]), "dimensions"),
        (lambda content: array(content, dimensions=["sample", "samples"]), "dimensions"),
        (lambda content: array(content, names=["a"]), "names do not fit"),
        (lambda content: array(content, names=[1, 2]), "names do not fit"),
        (lambda content: changed(content, samples=[]), "is damaged"),
        (lambda content: changed(content, samples=content["samples"] * 2), "2 samples"),
        (lambda content: changed(content, arrays=["mean", "../../../etc/passwd"]), "arrays"),
        (lambda content: changed(content, kind="other"), "kind 'other'"),
        (lambda content: changed(content, fingerprint="0" * 64), "the fingerprint is another"),
        (lambda content: json.dumps(content, indent=1), "not spelt as mvn_dask writes it"),
        (lambda content: canonical_json(content).replace("100", "NaN"), "is no JSON: NaN is no number"),
        (lambda _: "[" * 100_000, "is no JSON"),
    ],
)
def test_records_that_are_none(change: Any, text: str, tmp_path: Path) -> None:
    manifest, _ = manifest_of(sample())
    storage = LocalStorage(tmp_path)
    storage.write(MANIFEST_KEY, [change(manifest.content).encode()])
    with pytest.raises(DamagedManifestError, match=text):
        read_manifest(storage)


def test_records_that_are_not_even_read(tmp_path: Path) -> None:
    manifest, _ = manifest_of(sample())
    storage = LocalStorage(tmp_path)
    storage.write(MANIFEST_KEY, [manifest.text])
    path = tmp_path / MANIFEST_KEY
    with path.open("ab") as file:
        file.truncate(MOST_BYTES + 1)  # sparse: reading it would take the memory
    with pytest.raises(DamagedManifestError, match="too many"):
        read_manifest(storage)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DamagedManifestError, match="it is a link"):
        read_manifest(storage)
