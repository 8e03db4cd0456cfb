from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mvn_dask.errors import JobFileError
from mvn_dask.job.job import Job
from mvn_dask.job.schema.job_spec import CHUNKS, JobSpec
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
        ("file:///x.zarr", "file:///x.zarr"),
        ("~/x.zarr", str(Path.home() / "x.zarr")),
    ],
)
def test_paths_start_at_the_folder_of_the_file(path: str, found: str) -> None:
    assert Job.from_mapping(MINIMAL, folder="/folder").locate(path) == found


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
        "storage_options: must hold texts, numbers, true and false, lists and tables: when is none of these",
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
