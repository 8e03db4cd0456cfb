"""Stores that somebody made to do harm: they are refused in words, in little memory, and no link is followed."""

import copy
import json
import os
import shutil
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dask
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mvn_dask
from mvn_dask.cli.formatting import verification_json
from mvn_dask.errors import DamagedManifestError, MvnDaskError, StorageNotEmptyError, UnfinishedStoreError
from mvn_dask.hashing import canonical_json
from mvn_dask.maintenance.describe import describe
from mvn_dask.store.format.manifest import parse_manifest
from mvn_dask.store.format.parameters import npy
from tests.store.format.test_manifest import signed
from tests.support.damage import chunk, named, write
from tests.support.stores import tree

LITTLE = 32 * 2**20
"""Bytes that a refusal may take, Zarr's own work included."""
MANIFEST_KEY = ".mvn_dask/manifest.json"
CALLS: dict[str, Callable[[Path], object]] = {
    "from_zarr": lambda folder: mvn_dask.from_zarr(folder).compute(),
    "status": lambda folder: str(mvn_dask.status(folder)),
    "verify": lambda folder: str(mvn_dask.verify(folder)),
    "values": lambda folder: str(mvn_dask.verify(folder, level="values", full=True)),
    "repair": lambda folder: str(mvn_dask.repair(folder)),
    "extend": lambda folder: str(mvn_dask.extend(folder, 5)),
    "to_zarr": lambda folder: mvn_dask.to_zarr(named(), folder),
}


@pytest.fixture(autouse=True)
def in_this_thread() -> Iterator[None]:
    with dask.config.set(scheduler="synchronous"):
        yield


@pytest.fixture(scope="module")
def stores() -> Iterator[Path]:
    """A finished sample with names and shards, and a finished derived array."""
    with TemporaryDirectory() as folder, dask.config.set(scheduler="synchronous"):
        write(Path(folder) / "sample", shards=15)
        write(Path(folder) / "derived", named() * 2)
        for store in ("sample", "derived"):
            for call in CALLS.values():
                try:
                    call(Path(folder) / "warm")
                except MvnDaskError:
                    write(Path(folder) / "warm" / store)
        yield Path(folder)


def refused(folder: Path, call: str) -> MvnDaskError | None:
    """The error of ours, if any; no other may come, and little memory may be taken."""
    tracemalloc.start()
    try:
        CALLS[call](folder)
    except MvnDaskError as error:
        return error
    else:
        return None
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < LITTLE, f"{call} took {peak / 2**20:.0f} MiB"


def begun(store: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((store / MANIFEST_KEY).read_bytes())
    return content


def forge(folder: Path, place: tuple[str | int, ...], value: Any) -> None:
    content = begun(folder)
    at: Any = content
    for step in place[:-1]:
        at = at[step]
    at[place[-1]] = value
    (folder / MANIFEST_KEY).write_bytes(signed(content))


def edit(folder: Path, key: str, **fields: Any) -> None:
    path = folder / key
    path.write_text(json.dumps({**json.loads(path.read_bytes()), **fields}))


def archive() -> bytes:
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        file.writestr("factor.matrix.npy", b"".join(npy(np.eye(2))))
    return content.getvalue()


def header(text: str) -> bytes:
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode() + bytes(32)


def shape(fields: str) -> bytes:
    return header("{'descr': '<f8', 'fortran_order': False, 'shape': (" + fields + ",), }" + " " * 64 + "\n")


objects = BytesIO()
np.save(objects, np.array([print, {}, None, 1], object), allow_pickle=True)
FACTORS = {
    "a pickle": b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x04true\x85R." + bytes(60),
    "an array of objects": objects.getvalue()[:500],
    "an archive": archive(),
    "of 1e15 numbers": shape(str(10**15)),
    "of a negative number of numbers": shape("-4"),
    "of more numbers than there are": shape("9" * 400),
    "not numpy's": b"x" * 100,
    "deep": header("(" * 3000),
    "of another kind": header("{'descr': [('a', '<f8'), 1], 2: 3, 'shape': ()}"),
    "without an end": header("{'descr': '''"),
    "of integers": b"".join(npy(np.zeros((2, 2), "i8"))),
    "in Fortran's order": b"".join(npy(np.eye(2))).replace(b"'fortran_order': False, ", b"'fortran_order': True,  "),
    "of another shape": b"".join(npy(np.eye(2).reshape(4))),
    "of dates": b"".join(npy(np.zeros(4, "i8"))).replace(b"<i8", b"<M8"),
}
SAMPLE, ARRAY = ("samples", 0), "array"
HUGE = 10**15
HOSTILE: dict[str, Callable[[Path], object]] = {
    "manifest: 1e15 rows": lambda folder: forge(folder, (ARRAY, "shape"), [HUGE, 2]),
    "sample: half a variable": lambda folder: forge(folder, (*SAMPLE, "noise_ndim"), 0.5),
    "manifest: half a character": lambda folder: forge(folder, (ARRAY, "names"), ["oil", "\ud800"]),
    "manifest: a path": lambda folder: forge(folder, (ARRAY, "dimensions"), ["sample", "../../escaped"]),
    "manifest: another path": lambda folder: forge(folder, (ARRAY, "dimensions"), ["sample", "/escaped"]),
    "manifest: infinity": lambda folder: (folder / MANIFEST_KEY).write_text(
        (folder / MANIFEST_KEY).read_text().replace('"expression":null', '"expression":1e999')
    ),
    "manifest: 100 MB": lambda folder: (folder / MANIFEST_KEY).write_bytes(b"[" + b"[]," * (10**8 // 3) + b"[]]"),
    "manifest: sparse": lambda folder: os.truncate(folder / MANIFEST_KEY, 10**12),
    "manifest: deep": lambda folder: (folder / MANIFEST_KEY).write_text('{"a":' * 10**5),
    "sample: 1e15 rows": lambda folder: forge(folder, (*SAMPLE, "size"), [HUGE]),
    "sample: 1e15 rows in one chunk": lambda folder: forge(
        folder, (ARRAY,), {**begun(folder)[ARRAY], "shape": [HUGE, 2], "chunks": [HUGE, 2], "inner_chunks": None}
    ),
    "sample: 1e15 variables": lambda folder: forge(folder, (*SAMPLE, "ndim"), HUGE),
    "sample: other rows": lambda folder: forge(folder, (*SAMPLE, "size"), [50, 2]),
    "sample: a pool of seeds of 1 TiB": lambda folder: forge(folder, (*SAMPLE, "pool_size"), 2**38),
    "sample: a covariance that is none": lambda folder: forge(folder, (*SAMPLE, "covariance"), "cholesky"),
    "sample: any class for a bit generator": lambda folder: forge(folder, (*SAMPLE, "bit_generator"), "RandomState"),
    **{
        f"sample: a factor {name}": lambda folder, content=content: (  # type: ignore[misc]
            (folder / ".mvn_dask" / "parameters" / "factor.matrix.npy").write_bytes(content)
        )
        for name, content in FACTORS.items()
    },
    "zarr: 1e15 rows": lambda folder: edit(folder, "samples/zarr.json", shape=[HUGE, 2]),
    "zarr: an unknown codec": lambda folder: edit(folder, "samples/zarr.json", codecs=[{"name": "rot13"}]),
    "zarr: a pickle codec": lambda folder: edit(folder, "samples/zarr.json", codecs=[{"name": "numcodecs.pickle"}]),
    "zarr: 100 MB of attributes": lambda folder: (folder / "samples" / "zarr.json").write_bytes(
        b'{"attributes":{"x":"' + b"x" * 10**8 + b'"}}'
    ),
    "zarr: many attributes": lambda folder: edit(folder, "zarr.json", attributes={"x": [0] * 10**6}),
    "zarr: sparse": lambda folder: os.truncate(folder / "zarr.json", 10**12),
    "zarr: deep": lambda folder: (folder / "samples" / "zarr.json").write_text("[" * 10**5),
    "zarr: another kind": lambda folder: (folder / "zarr.json").write_text('{"attributes":[]}'),
    "note: deep": lambda folder: (folder / ".mvn_dask" / "writer.json").write_text("[" * 60_000),
    "note: sparse": lambda folder: os.truncate(folder / ".mvn_dask" / "writer.json", 10**12),
    "note: a deep covariance": lambda folder: forge(
        folder, (*SAMPLE, "covariance"), {"kind": json.loads("[" * 400 + "]" * 400)}
    ),
}
"""What is done to a store with 4 shards of a named sample."""
TOO_LONG = {"zarr: 100 MB of attributes", "zarr: many attributes", "zarr: sparse"}
"""Documents that are not read."""


@pytest.mark.faults
@pytest.mark.parametrize(
    "harm", [pytest.param(harm, marks=pytest.mark.slow) if place % 2 else harm for place, harm in enumerate(HOSTILE)]
)
def test_it_is_refused_in_words_and_in_little_memory(harm: str, stores: Path, tmp_path: Path) -> None:
    errors: dict[str, MvnDaskError | None] = {}
    for call in CALLS:
        folder = tmp_path / call / "store"
        shutil.copytree(stores / "sample", folder)
        HOSTILE[harm](folder)
        errors[call] = refused(folder, call)
    if harm.startswith("manifest"):
        assert all(isinstance(error, DamagedManifestError) for error in errors.values()), errors
    elif harm.startswith("sample"):
        assert all(isinstance(errors[call], DamagedManifestError) for call in ("values", "repair", "extend")), errors
    elif harm.startswith("zarr"):
        damaged = StorageNotEmptyError if harm == "zarr: 1e15 rows" else (DamagedManifestError, UnfinishedStoreError)
        assert isinstance(errors["from_zarr"], damaged), errors
        if harm in TOO_LONG:
            # What others may have added to it is not thrown away.
            assert isinstance(errors["repair"], DamagedManifestError)
            assert "move it away, and mvn_dask.repair writes it anew" in str(errors["repair"])
            for document in ("zarr.json", "samples/zarr.json"):
                (tmp_path / "repair" / "store" / document).unlink()
            mvn_dask.repair(tmp_path / "repair" / "store")
        elif harm == "zarr: 1e15 rows":
            assert isinstance(errors["repair"], StorageNotEmptyError)
            (tmp_path / "repair" / "store" / "samples" / "zarr.json").unlink()
            mvn_dask.repair(tmp_path / "repair" / "store")
        else:
            assert errors["repair"] is None
        assert tree(tmp_path / "repair" / "store") == tree(stores / "sample")
    assert not list(tmp_path.rglob("*escaped*"))


@pytest.mark.parametrize("kind", ["sample", "derived"])
def test_a_store_of_format_version_2_is_refused_by_name(kind: str, stores: Path, tmp_path: Path) -> None:
    """By every call, and nothing of it is touched, unless it is to be overwritten."""
    folder = shutil.copytree(stores / kind, tmp_path / "store")
    manifest = folder / MANIFEST_KEY
    manifest.with_name("plan.json").write_text('{"format":"mvn_dask store","format_version":2}')
    manifest.unlink()
    before = tree(folder)
    for call, act in {**CALLS, "describe": describe, "report": mvn_dask.report}.items():
        with pytest.raises(
            DamagedManifestError, match=r"format version 2; this mvn_dask reads 6: read it with .* overwrite=True"
        ):
            act(folder)
        assert tree(folder) == before, call
    mvn_dask.to_zarr(named(), folder, overwrite=True)
    assert not manifest.with_name("plan.json").exists()
    assert mvn_dask.verify(folder).ok


LINKED = {
    MANIFEST_KEY: (DamagedManifestError, "it is a link"),
    ".mvn_dask": (DamagedManifestError, "it is a link"),
    "zarr.json": (DamagedManifestError, "is a link"),
    "samples/zarr.json": (DamagedManifestError, "is a link"),
    "samples": (DamagedManifestError, "is a link"),
    "samples/c": (UnfinishedStoreError, "4 of 4 chunks .* are missing"),
    "samples/c/2": (UnfinishedStoreError, "1 of 4 chunks .* is missing"),
    "samples/c/2/0": (UnfinishedStoreError, "1 of 4 chunks .* is missing"),
}


def refused_behind_a_link(call: str, key: str, stores: Path, folder: Path) -> MvnDaskError | None:
    """The error where a file or a folder of the store is a link; what lies behind it stays as it was."""
    outside = folder.with_name("outside")
    shutil.copytree(stores / "sample", folder)
    shutil.move(folder / key, outside)
    (folder / key).symlink_to(outside)
    files = [outside, *outside.rglob("*")]
    before = {path: (path.stat().st_mtime_ns, path.is_file() and path.read_bytes()) for path in files}
    error = refused(folder, call)
    assert {path: (path.stat().st_mtime_ns, path.is_file() and path.read_bytes()) for path in before} == before
    return error


@pytest.mark.parametrize("key", LINKED)
def test_no_link_is_followed(key: str, stores: Path, tmp_path: Path) -> None:
    """Not even to what would be right; and what lies behind it is neither read nor changed."""
    kind, text = LINKED[key]
    for call, act in CALLS.items():
        folder = tmp_path / call / "store"
        error = refused_behind_a_link(call, key, stores, folder)
        if call == "from_zarr":
            assert isinstance(error, kind)
            with pytest.raises(kind, match=text):
                act(folder)
        if call == "repair" and error is None:
            assert not (folder / key).is_symlink()
            assert tree(folder) == tree(stores / "sample")


@pytest.mark.parametrize("key", [".mvn_dask/parameters", ".mvn_dask/parameters/factor.matrix.npy"])
def test_parameters_behind_a_link_are_not_read(key: str, stores: Path, tmp_path: Path) -> None:
    for call in CALLS:
        error = refused_behind_a_link(call, key, stores, tmp_path / call / "store")
        if call in {"values", "repair", "extend"}:
            assert isinstance(error, DamagedManifestError)
            assert "a link, a pipe, a folder or the like" in str(error)
    faults = mvn_dask.verify(tmp_path / "verify" / "store").faults
    assert faults[".mvn_dask/parameters/factor.matrix.npy"].startswith("a link")


def test_a_chunk_that_is_a_link_to_the_systems_files(tmp_path: Path) -> None:
    folder = write(tmp_path / "store")
    before, secret = tree(folder), Path("/etc/passwd").read_bytes()
    chunk(folder, 1).unlink()
    chunk(folder, 1).symlink_to("/etc/passwd")
    for call in ("from_zarr", "extend"):
        assert isinstance(refused(folder, call), UnfinishedStoreError)
    assert mvn_dask.repair(folder).chunks == ((1, 0),)
    assert Path("/etc/passwd").read_bytes() == secret
    assert not chunk(folder, 1).is_symlink()
    assert tree(folder) == before


CLAIMED = {"one axis": [10**7], "several axes": [215] * 3, "many axes": [2] * 23}
"""Rows along each axis that a record claims, in chunks of one: almost as many as it may."""
SLOW = {("verification", "several axes"), ("verification", "many axes")}
LOOKS: dict[str, Callable[[Path], object]] = {
    **{call: CALLS[call] for call in ("status", "from_zarr", "verify", "extend")},
    "checksum": lambda folder: str(mvn_dask.verify(folder, level="checksum")),
    "verification": lambda folder: json.dumps(verification_json(mvn_dask.verify(folder))),
    "describe": lambda folder: str(describe(folder)),
    "report": mvn_dask.report,
    "to_zarr": CALLS["to_zarr"],
}


@pytest.mark.parametrize(
    ("call", "claimed"),
    [
        # Writing the first 10,000 bad chunks as JSON takes seconds here, where every allocation is counted.
        pytest.param(call, claimed, marks=pytest.mark.faults if (call, claimed) in SLOW else ())
        for call in LOOKS
        for claimed in CLAIMED
    ],
)
def test_a_record_costs_what_is_there_and_not_what_it_claims(
    call: str, claimed: str, stores: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A byte a chunk, of ten million that are claimed; and looks at the few that are there."""
    folder, size = shutil.copytree(stores / "sample", tmp_path / "store"), CLAIMED[claimed]
    layout = {"shape": [*size, 2], "chunks": [1] * len(size) + [2], "inner_chunks": None}
    dimensions = [*(f"sample_{axis}" for axis in range(len(size))), "variable"]
    forge(folder, (*SAMPLE, "size"), size)
    forge(folder, (ARRAY,), {**begun(folder)[ARRAY], **layout, "dimensions": dimensions})
    # Chunks by their place and size, from the first one to the last.
    shutil.rmtree(folder / "samples" / "c")
    for place in ([0] * len(size), [length - 1 for length in size]):
        there = folder.joinpath("samples", "c", *map(str, place), "0")
        there.parent.mkdir(parents=True)
        there.write_bytes(bytes(20))
    looks = 0
    lstat = os.lstat

    def counted(*arguments: Any, **options: Any) -> os.stat_result:
        nonlocal looks
        looks += 1
        return lstat(*arguments, **options)

    monkeypatch.setattr(os, "lstat", counted)
    monkeypatch.setitem(CALLS, call, LOOKS[call])
    error = refused(folder, call)
    assert looks < 1000
    assert isinstance(error, MvnDaskError) == (call not in {"status", "verify", "checksum", "verification", "describe"})


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 60)
    | st.sampled_from([2**31, 10**15, 2**62, 2**63, 2**64, 10**400, 1.0, -0.5, 1e300])
    | st.text(max_size=4)
    | st.sampled_from(
        ["mean", "factor", "float32", "complex64", "PCG64", "cholesky", "sample", "derived", "1", "\ud800"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


def places(value: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place in a nested value."""
    if place:
        yield place
    steps: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        yield from places(inner, (*place, step))


@st.composite
def forged(draw: st.DrawFn, content: dict[str, Any]) -> bytes:
    """A manifest with one value changed, lost, or one too many, at any depth."""
    content = copy.deepcopy(content)
    place = draw(st.sampled_from(list(places(content))))
    at: Any = content
    for step in place[:-1]:
        at = at[step]
    how = draw(st.sampled_from(["change"] * 4 + ["lose", "add"]))
    if how == "lose":
        del at[place[-1]]
    elif how == "add" and isinstance(at, dict):
        at[draw(st.text(max_size=3))] = draw(json_values)
    else:
        at[place[-1]] = draw(json_values)
    try:
        return signed(content) if draw(st.booleans()) else canonical_json(content).encode()
    except (KeyError, IndexError, TypeError):
        return canonical_json(content).encode()


FUZZ = settings(derandomize=True, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("kind", ["sample", "derived"])
@settings(FUZZ, max_examples=400)
@given(data=st.data())
def test_a_forged_record_is_what_it_says_or_refused(kind: str, stores: Path, data: st.DataObject) -> None:
    text = data.draw(forged(begun(stores / kind)))
    try:
        manifest = parse_manifest(text, "here")
    except DamagedManifestError:
        return
    assert manifest.text == text
    assert len(manifest.shape) == len(manifest.chunks) == len(manifest.array.dimensions)
    assert manifest.dtype.kind in "biufc"
    assert (manifest.is_sample, len(manifest.identity)) == (kind == "sample", 64)


@pytest.mark.faults
@pytest.mark.parametrize("kind", ["sample", pytest.param("derived", marks=pytest.mark.slow)])
@settings(FUZZ, max_examples=60)
@given(data=st.data())
def test_nothing_but_our_errors_comes_of_a_forged_record(kind: str, stores: Path, data: st.DataObject) -> None:
    text = data.draw(forged(begun(stores / kind)))
    for call in CALLS:
        with TemporaryDirectory() as folder:
            store = shutil.copytree(stores / kind, Path(folder) / "store")
            (store / MANIFEST_KEY).write_bytes(text)
            refused(store, call)
