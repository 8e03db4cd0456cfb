import pickle
import subprocess
import sys
import tomllib
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from pydantic import ValidationError

from mvn_dask.errors import ArgumentTypeError, JobFileError
from mvn_dask.job.job import Job
from tests.support.job_mappings import MAPPINGS
from tests.support.jobs import job, mapping


@pytest.mark.parametrize("version", [2, 0, True, 1.0, "1", None, [1]])
def test_other_versions(version: object) -> None:
    with pytest.raises(
        JobFileError, match=r"^job: version: must be 1, the only version that this mvn_dask supports, not "
    ):
        Job.from_mapping({**mapping(), "version": version})


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        *(
            (
                {"mapping": value},
                f"`mapping` must be a mapping, not {type(value).__name__}: tomllib.loads(text) gives one",
            )
            for value in (None, [1], [("version", 1)], "version = 1", b"x", 3, object())
        ),
        *(
            ({"overrides": value}, "`overrides` must be a sequence of text, ")
            for value in (
                "sample.size=3",
                b"x",
                3,
                None,
                [3],
                [b"sample.size=3"],
                {"sample.size=3"},
                {"sample.size": 3},
            )
        ),
        *(({"label": value}, f"`label` must be text, not {value!r}") for value in (None, 3, b"job")),
    ],
)
def test_arguments_of_another_type(arguments: dict[str, Any], text: str, tmp_path: Path) -> None:
    """One line each, about the argument itself; the file's overrides are those of the mapping."""
    with pytest.raises(ArgumentTypeError) as caught:
        Job.from_mapping(**{"mapping": mapping()} | arguments)
    assert str(caught.value).startswith(text)
    if "overrides" in arguments:
        path = tmp_path / "job.toml"
        path.write_text(job().to_toml())
        with pytest.raises(ArgumentTypeError) as caught:
            Job.from_toml(path, **arguments)
        assert str(caught.value).startswith(text)


def test_other_mappings_and_sequences_are_taken() -> None:
    given: list[Any] = [("sample.size=3",), iter(["sample.size=3"]), np.array(["sample.size=3"])]
    for overrides in given:
        assert Job.from_mapping(MappingProxyType(mapping()), overrides).sample.size == 3


def test_a_job_is_frozen() -> None:
    one = job()
    with pytest.raises(ValidationError, match="frozen"):
        one.version = 1
    with pytest.raises(ValidationError, match="frozen"):
        one.sample.size = 3


def test_where_a_job_was_read_does_not_matter() -> None:
    here, there = Job.from_mapping(mapping()), Job.from_mapping(mapping(), folder="/data", label="/data/job.toml")
    assert here == there
    assert hash(here) == hash(there)
    assert here != Job.from_mapping(mapping(sample={"seed": 43}))
    assert here != "a job"
    assert len({here, there}) == 1


def test_its_repr_is_a_short_line() -> None:
    one = Job.from_mapping(mapping(distribution={"cov": np.eye(50).tolist(), "mean": 0}, sample={"seed": 2**500}))
    assert repr(one) == str(one)
    assert repr(one) == "Job(size=1000, seed=an integer of 501 bits, url='samples.zarr', cluster='threads')"


def test_paths_start_at_the_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    one = Job.from_mapping(mapping(), folder="/data")
    assert one.locate("a.csv") == "/data/a.csv"
    assert one.locate("/b/a.csv") == "/b/a.csv"
    assert one.locate("~/a.csv") == "/home/somebody/a.csv"
    assert one.locate("s3://bucket/a") == "s3://bucket/a"
    assert one.locate("file:///a.csv") == "/a.csv"


def test_jobs_travel() -> None:
    one = Job.from_mapping(mapping(cluster={"kind": "class", "class": "a.B", "options": {"x": 1}}), folder="/data")
    other = pickle.loads(pickle.dumps(one))  # noqa: S301 made here
    assert other == one
    assert (other.folder, other.label) == (Path("/data"), "job")


def test_pydantics_own_errors_show_no_values() -> None:
    tables: Any = mapping(output={"url": None, "storage_options": {"key": "verysecret"}})
    with pytest.raises(ValidationError) as caught:
        Job(**tables)
    assert "verysecret" not in str(caught.value)


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        ("mvn_dask.job", "numpy pydantic dask zarr scipy pandas pyarrow"),
        ("mvn_dask.job.parsing, mvn_dask.job.template, mvn_dask.job.parts", "dask zarr scipy pandas"),
        ("mvn_dask.job.inputs.distribution_inputs", "dask zarr scipy pandas pyarrow distributed"),
    ],
)
def test_slow_libraries_wait_until_they_are_needed(module: str, forbidden: str) -> None:
    code = f"import sys, {module}; print(*[name for name in '{forbidden}'.split() if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@given(MAPPINGS)
@settings(max_examples=75, deadline=None)
def test_a_job_and_its_file_are_the_same(tables: dict[str, Any]) -> None:
    one = Job.from_mapping(tables)
    text = one.to_toml()
    other = Job.from_mapping(tomllib.loads(text))
    assert other == one
    assert other.model_dump() == one.model_dump()
    assert hash(other) == hash(one)
    assert other.to_toml() == text


def test_what_is_left_at_its_default_is_not_written() -> None:
    assert job(sample={"dtype": "float64", "chunks": "auto"}, cluster={"kind": "threads"}).to_toml() == (
        "version = 1\n\n[distribution]\nmean = [0.0, 1.0]\ncov = [4.0, 9.0]\n\n"
        '[sample]\nsize = 1000\nseed = 42\n\n[output]\nurl = "samples.zarr"\n'
    )


def test_a_file_without_a_key_is_a_path() -> None:
    text = job(distribution={"mean": {"path": "a.npy"}, "cov": {"path": "b.npz", "key": "c"}}).to_toml()
    assert 'mean = "a.npy"\ncov = { path = "b.npz", key = "c" }\n' in text


def test_a_notebook_sees_the_tables_and_no_secret() -> None:
    output = {"url": "s3://bucket/<b>.zarr", "storage_options": {"secret_access_key": "hunter2-is-secret"}}
    one = Job.from_mapping({**mapping(output=output), "estimate": [{"statistic": "quantile", "q": 0.5}]})
    html = one._repr_html_()
    assert "s3://bucket/&lt;b&gt;.zarr" in html
    assert "hunter2" not in html
    assert "quantile" in html
