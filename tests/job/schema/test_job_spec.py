import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mvn_dask.errors import JobFileError
from mvn_dask.job.job import Job
from mvn_dask.job.schema.job_spec import CHUNKS, JobSpec
from mvn_dask.locations import parse_location
from mvn_dask.random.streams import BIT_GENERATORS
from tests.support.jobs import job, mapping

MINIMAL = mapping()


def test_where_a_job_was_read_does_not_matter() -> None:
    one = Job.from_mapping(MINIMAL, folder="/one", label="one.toml")
    other = Job.from_mapping(MINIMAL, folder="/other", label="other.toml")
    assert one == other
    assert hash(one) == hash(other)
    assert one != Job.from_mapping(MINIMAL, ["sample.seed=9"])
    assert one != MINIMAL


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("x.zarr", "/folder/x.zarr"),
        ("/x.zarr", "/x.zarr"),
        ("s3://bucket/x.zarr", "s3://bucket/x.zarr"),
        ("S3://bucket/x.zarr", "s3://bucket/x.zarr"),
        ("file:///x%20y.zarr", "/x y.zarr"),
        ("file:/x.zarr", "/x.zarr"),
        ("FILE:///x.zarr", "/x.zarr"),
        ("~/x.zarr", "/home/somebody/x.zarr"),
        ("./~/x.zarr", "/folder/~/x.zarr"),
        ("./s3:x.zarr", "/folder/s3:x.zarr"),
        ("${SCRATCH}/x.zarr", "/scratch/x.zarr"),
        ("${SCRATCH}/${RUN}/${RUN}.zarr", "/scratch/a b/a b.zarr"),
        ("${RUN}.zarr", "/folder/a b.zarr"),
        ("s3://${BUCKET}/${RUN}", "s3://bucket/a b"),
        ("${STORE}", "s3://bucket/x"),
        ("${HERE}/x", "/home/somebody/x"),
        ("$SCRATCH/$x.zarr", "/folder/$SCRATCH/$x.zarr"),
        ("{x}$", "/folder/{x}$"),
        ("file:${SCRATCH}/x", "/scratch/x"),
    ],
)
def test_paths_start_at_the_folder_of_the_file(path: str, found: str, monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"HOME": "/home/somebody", "SCRATCH": "/scratch", "RUN": "a b", "BUCKET": "bucket", "HERE": "~"}
    for name, value in {**values, "STORE": "s3://bucket/x"}.items():
        monkeypatch.setenv(name, value)
    one = Job.from_mapping(mapping(output={"url": path}), folder="/folder")
    assert one.locate(one.output.url) == found
    assert one.output.url == path, "it stays as it is written, and so it travels to other machines"
    assert Job.from_mapping(tomllib.loads(one.to_toml())) == one


def test_paths_that_relative_folders_would_turn_into_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    one = job()
    for path in ("./~/x", "./s3:/x", "./file:x", "./s3:x"):
        assert parse_location(one.locate(path)) == Path(path)


PATH_FAULTS: list[tuple[str, str]] = [
    ("${NOTHING}/x", "needs the environment variable NOTHING, which is not set"),
    ("${SCRATCH}/${NOTHING}/x", "needs the environment variable NOTHING, which is not set"),
    ("${EMPTY}/x", "needs the environment variable EMPTY, which is empty"),
    ("${SCRATCH", 'must hold an environment variable as ${NAME}, not "${SCRATCH"'),
    ("${}/x", 'must hold an environment variable as ${NAME}, not "${}"'),
    ("${a-b}/x", 'must hold an environment variable as ${NAME}, not "${a-b}"'),
    ("${SCRATCH:-/tmp}/x", 'must hold an environment variable as ${NAME}, not "${SCRATCH:-/tmp}"'),
    ("${CONTROL}/x", "must be text, not empty, and without control characters"),
    ("~nosuchuser/x", "must be a path, and '~nosuchuser' is the home of nobody here; './~nosuchuser/x' is a path"),
    ("s3:/typo", "must be a path, or a URL as s3://…, not 's3:/typo'; './s3:/typo' is a path"),
    ("s3:bucket/x", "must be a path, or a URL as s3://…, not 's3:bucket/x'; './s3:bucket/x' is a path"),
    ("file:x", "must be an absolute path of this machine, as file:///data, not 'file:x'"),
    ("s3://u:p@bucket/x", "must hold no credentials or queries: give them as storage_options"),
    ("${SECRET}/x", "must hold no credentials or queries: give them as storage_options"),
]


@pytest.mark.parametrize(
    ("table", "key", "above"),
    [
        ("output", "url", {}),
        ("distribution", "mean", {}),
        ("distribution", "cov", {}),
        ("cluster", "scheduler_file", {"kind": "scheduler"}),
        ("cluster", "tls.ca", {"kind": "scheduler", "address": "tls://host:1", "tls": {"cert": "a", "key": "b"}}),
    ],
)
def test_faults_of_paths_name_file_and_key(
    table: str, key: str, above: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    values = {"SCRATCH": "/scratch", "EMPTY": "", "CONTROL": "a\nb", "SECRET": "s3://user:verysecret@bucket"}
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NOTHING", raising=False)
    # pydantic names the path inside the table of a file, which a text stands for.
    name = f"{key}.path" if table == "distribution" else key
    for path, rule in PATH_FAULTS:
        of_file = table == "cluster" and "credentials" in rule
        fault = "must be a path of this machine, not a URL" if of_file else rule
        given = {**above, key: path} if "." not in key else {**above, "tls": {**above["tls"], "ca": path}}
        with pytest.raises(JobFileError) as caught:
            job(**{table: given})
        assert str(caught.value) == f"job.toml: {table}.{name}: {fault}"


def test_a_variable_that_is_unset_after_the_job_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRATCH", "/scratch")
    one = job(output={"url": "${SCRATCH}/x"})
    monkeypatch.delenv("SCRATCH")
    with pytest.raises(JobFileError, match=r'^job.toml: "\$\{SCRATCH\}/x" needs the environment variable SCRATCH'):
        one.locate(one.output.url)


def test_options_go_with_the_url_that_a_variable_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORE", "s3://bucket")
    one = job(output={"url": "${STORE}/x", "storage_options": {"region": "x"}})
    assert one.output.storage_options.get_secret_value() == {"region": "x"}
    monkeypatch.setenv("STORE", "/scratch")
    with pytest.raises(JobFileError, match="storage_options: go with a URL, and url is a path"):
        job(output={"url": "${STORE}/x", "storage_options": {"region": "x"}})


def test_only_paths_hold_variables() -> None:
    text = "${NOTHING} ~nosuchuser s3:/x"
    one = job(cluster={"kind": "class", "class": "a.B", "options": {"log": text}}, distribution={"mean": [1.0, 2.0]})
    assert one.cluster.options.get_secret_value() == {"log": text}


def test_all_options_that_may_be_secret() -> None:
    given = [
        'distribution.mean="s3://bucket/mean"',
        "distribution.storage_options.key=one",
        'output.url="s3://bucket/x.zarr"',
        "output.storage_options.key=two",
        "cluster.kind=local",
        "cluster.options.key=three",
    ]
    job: JobSpec = Job.from_mapping(MINIMAL, given)
    assert [options["key"] for options in job.secrets()] == ["one", "two", "three"]
    assert "three" not in repr(job)


def test_sizes() -> None:
    for size, meant in [(3, 3), (0, 0), (1e9, 10**9), ("1_000", 1000), ([2, "1e3", 4.0], (2, 1000, 4)), ([0], (0,))]:
        assert job(sample={"size": size}).sample.size == meant


def test_seeds() -> None:
    for seed in [0, 7, 2**200, [1, 2], [2**200]]:
        found = job(sample={"seed": seed}).sample.seed
        assert found == (tuple(seed) if isinstance(seed, list) else seed)
        assert np.random.SeedSequence(found).entropy == found


SAMPLE_FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"size": -1}, "size: must be an integer of at least 0, not -1"),
    ({"size": 1.5}, "size: must be an integer of at least 0, not 1.5"),
    ({"size": True}, "size: must be an integer of at least 0, not true"),
    ({"size": "many"}, 'size: must be an integer of at least 0, not "many"'),
    ({"size": [3, -1]}, "size: must be an integer of at least 0, not -1"),
    ({"size": [1] * 64}, "size: must have at most 63 axes, and has 64"),
    ({"size": []}, "size: must not be an empty list"),
    ({"size": None}, "size: is required"),
    ({"seed": None}, "seed: is required"),
    ({"seed": -1}, "seed: must be an integer of at least 0, not -1"),
    ({"seed": []}, "seed: must not be an empty list"),
    ({"seed": 0.5}, "seed: must be an integer of at least 0, not 0.5"),
    ({"dtype": "float16"}, 'dtype: must be "float64" or "float32", not "float16"'),
    ({"bit_generator": "sfc64"}, 'bit_generator: must be "SFC64", "PCG64", "PCG64DXSM", "MT19937" or "Philox", not '),
    ({"chunks": 0}, 'chunks: must be "auto", a size such as "128 MiB", or rows of a chunk (-1 for all), not 0'),
    ({"chunks": -2}, 'chunks: must be "auto", a size such as "128 MiB", or rows of a chunk (-1 for all), not -2'),
    ({"chunks": "big"}, 'chunks: must be "auto", a size such as "128 MiB", or rows of a chunk (-1 for all), not "'),
    ({"chunks": "0 MiB"}, 'chunks: must be "auto", a size such as '),
    ({"chunks": [10, 2]}, 'chunks: must be "auto", a size such as '),
    ({"chunks": True}, 'chunks: must be "auto", a size such as '),
]


def test_faults_of_samples() -> None:
    for sample, fault in SAMPLE_FAULTS:
        with pytest.raises(JobFileError) as caught:
            job(sample=sample)
        assert str(caught.value).startswith(f"job.toml: sample.{fault}")


def test_chunks() -> None:
    for chunks, meant in [
        ("auto", CHUNKS),
        ("64 MiB", "64 MiB"),
        (65536, 65536),
        (1e6, 10**6),
        ("1e6", 10**6),
        (-1, -1),
        (" 1 GB ", "1 GB"),
    ]:
        assert job(sample={"chunks": chunks}).sample.chunks == meant


def test_defaults_do_not_depend_on_the_machine() -> None:
    sample = job().sample
    assert (sample.dtype, sample.chunks, sample.bit_generator) == ("float64", "128 MiB", "SFC64")


def test_every_bit_generator_that_a_record_may_name() -> None:
    for name in BIT_GENERATORS:
        assert job(sample={"bit_generator": name}).sample.bit_generator == name


@pytest.mark.parametrize("size", [2**63, "1e400", [5, 2**70]])
def test_sizes_that_no_array_has(size: object) -> None:
    with pytest.raises(JobFileError, match=r"sample.size.*must be less than 2\*\*63"):
        job(sample={"size": size})


def test_an_output() -> None:
    output = job(output={"url": "file:///data/x.zarr", "shards": "1e3", "overwrite": True}).output
    assert (output.url, output.shards, output.overwrite, output.fsync) == ("file:///data/x.zarr", 1000, True, False)


OUTPUT_FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"url": None}, "url: is required"),
    ({"url": ""}, "url: must be text, not empty"),
    ({"url": "a\x00b"}, "url: must be text, not empty, and without control characters"),
    ({"url": "s3://u:p@bucket/x"}, "url: must hold no credentials or queries: give them as storage_options"),
    ({"url": "s3://bucket/x?versionId=1"}, "url: must hold no credentials or queries"),
    ({"shards": 0}, "shards: must be an integer of at least 1, not 0"),
    ({"overwrite": "yes"}, 'overwrite: must be true or false, not "yes"'),
    ({"fsync": 1}, "fsync: must be true or false, not 1"),
    ({"storage_options": {"a": "b"}}, "storage_options: go with a URL, and url is a path"),
    (
        {"url": "s3://b/x", "storage_options": {"when": date(2026, 1, 1)}},
        "storage_options: must hold texts, numbers of at most 640 digits, true and false, lists and tables: when is",
    ),
    (
        {"url": "s3://b/x", "storage_options": {"a": [10**640]}},
        "storage_options: must hold texts, numbers of at most 640",
    ),
]


def test_faults_of_outputs() -> None:
    for table, fault in OUTPUT_FAULTS:
        with pytest.raises(JobFileError) as caught:
            job(output=table)
        assert str(caught.value).startswith(f"job.toml: output.{fault}")


def test_output_options_are_secret() -> None:
    one = job(output={"url": "s3://bucket/x", "storage_options": {"key": "verysecret", "deep": {"er": ["verysecret"]}}})
    for text in (repr(one), str(one), f"{one.output}", one.model_dump_json(), str(one.model_dump())):
        assert "verysecret" not in text
    assert one.output.storage_options.get_secret_value()["deep"] == {"er": ["verysecret"]}


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ({"replicate": 1}, r'sample.replicate: goes with points = "sobol"'),
        ({"points": "sobol"}, r"sample.points: `size` of Sobol' points must be a power of two .*: it is 1000"),
        ({"points": "sobol", "size": [4, 4]}, r"sample.points: .* without other axes: it is \(4, 4\)"),
        ({"points": "sobol", "size": 8, "dtype": "float32"}, "sample.points: .* `dtype` must be float64"),
        ({"points": "sobol", "size": 8, "replicate": 2**32}, "sample.points: `replicate` must be less than"),
        ({"points": "halton"}, "sample.points"),
    ],
)
def test_points_that_no_sample_has(table: dict[str, Any], fault: str) -> None:
    with pytest.raises(JobFileError, match=fault):
        Job.from_mapping(mapping(sample={"size": 1000, "seed": 1, **table}))


def test_points() -> None:
    one = Job.from_mapping(mapping(sample={"size": 1024, "seed": 1, "points": "sobol", "replicate": 3}))
    assert (one.sample.points, one.sample.replicate) == ("sobol", 3)
    assert Job.from_mapping(tomllib.loads(one.to_toml())) == one
