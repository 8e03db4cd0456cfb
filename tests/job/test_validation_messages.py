from typing import Any

import pytest

from mvn_dask.errors import JobFileError
from tests.support.jobs import job

FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"sample": {"dtype": 8}}, 'sample.dtype: must be "float64" or "float32", not 8'),
    ({"output": {"overwrite": 1}}, "output.overwrite: must be true or false, not 1"),
    ({"output": {"url": 3}}, "output.url: must be text, not 3"),
    ({"output": {"url": ["a", "b"]}}, "output.url: must be text, not a list"),
    ({"distribution": {"tol": "x"}}, 'distribution.tol: must be a number, not "x"'),
    ({"cluster": {"adaptive": 3}}, "cluster.adaptive: must be a table, not 3"),
    ({"cluster": {"options": 3}}, "cluster.options: must be a table"),
    (
        {"cluster": {"kind": "local", "workers": True}},
        "cluster.workers: must be an integer of at least 1, not true",
    ),
    ({"distribution": {"mean": {"key": "a"}}}, "distribution.mean.path: is required"),
    ({"distribution": {"mean": {"path": "a", "xyz": 1}}}, "distribution.mean.xyz: unknown key; distribution.mean "),
    ({"cluster": {"kind": "local", "tls": 3}}, "cluster.tls: must be true, false, or a table of ca, cert and key"),
]


def test_faults_in_plain_words() -> None:
    for tables, text in FAULTS:
        with pytest.raises(JobFileError) as caught:
            job(**tables)
        assert str(caught.value).startswith(f"job.toml: {text}")
        assert "\n" not in str(caught.value)


def test_every_contradiction_is_a_line() -> None:
    with pytest.raises(JobFileError) as caught:
        job(cluster={"kind": "threads", "workers": 2, "address": "tcp://10.0.0.2:1"})
    assert str(caught.value).splitlines() == [
        'job.toml: cluster.address: means nothing with kind = "threads", which takes threads',
        'job.toml: cluster.workers: means nothing with kind = "threads", which takes threads',
    ]
