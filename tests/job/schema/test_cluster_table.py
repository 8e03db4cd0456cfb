from typing import Any

import pytest

from mvn_dask.errors import JobFileError
from mvn_dask.job.schema.cluster_table import ALLOWED_KEYS, QUEUES, ClusterTable
from tests.support.jobs import job

VALUES: dict[str, Any] = {
    "workers": 2,
    "threads": 2,
    "memory": "2 GiB",
    "adaptive": {"maximum": 3},
    "address": "tcp://10.0.0.2:8786",
    "scheduler_file": "s.json",
    "tls": {"ca": "a", "cert": "b", "key": "c"},
    "class": "a.B",
    "options": {"queue": "short"},
}
NEEDED: dict[str, dict[str, Any]] = {
    "scheduler": {"scheduler_file": "s.json"},
    "class": {"class": "a.B"},
    **{kind: {"workers": 2} for kind in QUEUES},
}
EXCLUSIVE = {"adaptive": "workers", "address": "scheduler_file"}


def test_every_kind_and_key_is_in_the_table() -> None:
    kinds = ClusterTable.model_fields["kind"].annotation
    assert set(ALLOWED_KEYS) == set(getattr(kinds, "__args__", ()))
    assert {field.alias or name for name, field in ClusterTable.model_fields.items()} == {"kind", *VALUES}


def test_every_key_with_every_kind() -> None:
    for key, value in VALUES.items():
        for kind in ALLOWED_KEYS:
            needed = {name: value for name, value in NEEDED.get(kind, {}).items() if name != EXCLUSIVE.get(key)}
            table = {"kind": kind, **needed, key: True if kind == "local" and key == "tls" else value}
            if key in ALLOWED_KEYS[kind]:
                assert job(cluster=table).cluster.kind == kind
                continue
            with pytest.raises(JobFileError) as caught:
                job(cluster=table)
            assert str(caught.value).startswith(
                f'job.toml: cluster.{key}: means nothing with kind = "{kind}", which takes '
            )


FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"kind": "thread"}, 'kind: must be "threads", "processes", '),
    ({"kind": "scheduler"}, 'address: is required with kind = "scheduler", or scheduler_file'),
    ({"kind": "class"}, 'class: is required with kind = "class"'),
    ({"kind": "slurm"}, 'workers: is required with kind = "slurm", or adaptive'),
    ({"kind": "local", "workers": 0}, "workers: must be an integer of at least 1, not 0"),
    ({"kind": "local", "threads": 1.5}, "threads: must be an integer of at least 1, not 1.5"),
    ({"kind": "local", "memory": "lots"}, 'memory: must be a size such as "2 GiB" or "512 MB", or bytes, not "lots"'),
    ({"kind": "local", "adaptive": {}}, "adaptive.maximum: is required"),
    (
        {"kind": "local", "adaptive": {"minimum": 3, "maximum": 2}},
        "adaptive.minimum: must not be more than the maximum of 2, not 3",
    ),
    (
        {"kind": "local", "workers": 1, "adaptive": {"maximum": 2}},
        "workers: must not be given beside adaptive: it is one or the other",
    ),
    (
        {"kind": "scheduler", "address": "tcp://a:1", "scheduler_file": "s"},
        "scheduler_file: must not be given beside address: it is one or the other",
    ),
    ({"kind": "scheduler", "address": "10.0.0.2"}, 'address: must be an address such as "tcp://10.0.0.2:8786", not "'),
    ({"kind": "scheduler", "address": "tcp://u:verysecret@a:1"}, "address: must be an address such as "),
    (
        {"kind": "scheduler", "address": "tls://a:1", "tls": True},
        'tls: must be a table of ca, cert and key with kind = "scheduler", not true',
    ),
    (
        {"kind": "local", "tls": {"ca": "a", "cert": "b", "key": "c"}},
        'tls: must be true or false with kind = "local", which makes its own files',
    ),
    ({"kind": "scheduler", "address": "tls://a:1", "tls": {"ca": "a", "cert": "b"}}, "tls.key: is required"),
    ({"kind": "class", "class": "Cluster"}, "class: must be a class and its module, such as "),
    ({"kind": "class", "class": "a.b()"}, "class: must be a class and its module, such as "),
    (
        {"kind": "local", "workers": 2, "options": {"n_workers": 3}},
        "options.n_workers: duplicates workers: give one of them",
    ),
    (
        {"kind": "slurm", "workers": 2, "memory": "1 GB", "options": {"memory": "verysecret"}},
        "options.memory: duplicates memory: give one of them",
    ),
]


def test_faults() -> None:
    for table, fault in FAULTS:
        with pytest.raises(JobFileError) as caught:
            job(cluster=table)
        assert str(caught.value).startswith(f"job.toml: cluster.{fault}")
        assert "verysecret" not in str(caught.value)
        assert "\n" not in str(caught.value)


def test_addresses() -> None:
    for address in ["tcp://10.0.0.2:8786", "tls://host:1", "ws://host.example:80/", "tcp://[::1]:8786"]:
        assert job(cluster={"kind": "scheduler", "address": address}).cluster.address == address


def test_what_is_left_out() -> None:
    assert job().cluster == ClusterTable()
    assert job(cluster={"kind": "local", "memory": "2 GiB"}).cluster.memory == 2**31
    assert job(cluster={"kind": "class", "class": "a.b.C"}).cluster.class_ == "a.b.C"


def test_options_are_secret() -> None:
    one = job(cluster={"kind": "slurm", "workers": 1, "options": {"job_script_prologue": ["export TOKEN=verysecret"]}})
    assert "verysecret" not in repr(one) + str(one)
    assert one.cluster.options.get_secret_value()["job_script_prologue"] == ["export TOKEN=verysecret"]
