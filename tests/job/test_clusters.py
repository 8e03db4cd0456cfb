import logging
import socket
import ssl
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import dask.config
import psutil
import pytest
from dask.base import compute
from dask.delayed import delayed
from distributed import Client, default_client

from mvn_dask.errors import JobCancelledError, JobFileError, WorkersLostError
from mvn_dask.execution.cancellation import CancelToken, cancellable
from mvn_dask.execution.client import current_client
from mvn_dask.job.clusters import CLUSTER_CLASSES, open_cluster
from mvn_dask.job.running import run
from mvn_dask.job.schema.cluster_table import QUEUES
from tests.support.jobs import job_in
from tests.support.stores import tree

LOCAL: dict[str, Any] = {"kind": "local", "workers": 1, "threads": 1}


def reference(folder: Path) -> dict[str, bytes]:
    run(job_in(folder / "reference"))
    return tree(folder / "reference" / "samples.zarr")


def test_threads(tmp_path: Path) -> None:
    with open_cluster(job_in(tmp_path, cluster={"threads": 3})):
        assert (dask.config.get("scheduler"), dask.config.get("num_workers")) == ("threads", 3)
        assert current_client() is None


def test_a_job_of_threads_does_not_use_a_client_that_happens_to_be_there(tmp_path: Path) -> None:
    from distributed import LocalCluster

    with LocalCluster(n_workers=0, dashboard_address="127.0.0.1:0") as cluster, Client(cluster):
        assert run(job_in(tmp_path)).complete


@pytest.mark.faults
def test_processes(tmp_path: Path) -> None:
    before = set(psutil.Process().children())
    with open_cluster(job_in(tmp_path, cluster={"kind": "processes", "workers": 2})):
        assert dask.config.get("num_workers") == 2
        pids = {int(pid) for pid in compute(*[delayed(_pid)(i) for i in range(8)])}
    assert len(pids) <= 2
    assert not [child for child in set(psutil.Process().children()) - before if child.pid in pids]


def leave_a_thread_behind() -> None:
    """In a worker: a thread that its process waits for at its end."""
    import threading
    import time

    threading.Thread(target=time.sleep, args=(600,)).start()


@pytest.mark.faults
def test_a_worker_that_does_not_end_by_itself_is_ended_without_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    level = logging.getLogger("distributed").level
    with open_cluster(job_in(tmp_path, cluster=LOCAL)):
        client = default_client()
        (pid,) = client.run(_pid, 0).values()
        client.run(leave_a_thread_behind)
    assert not psutil.pid_exists(pid)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert logging.getLogger("distributed").level == level


def _pid(_: int) -> int:
    import os

    return os.getpid()


def test_a_local_cluster_listens_on_loopback_alone_and_logs_where(tmp_path: Path, job_log: list[str]) -> None:
    with open_cluster(job_in(tmp_path, cluster=LOCAL)):
        client = default_client()
        address = client.scheduler.address
        assert address.startswith("tcp://127.0.0.1:")
        mine = psutil.Process()
        processes = {each.pid for each in (mine, *mine.children(recursive=True))}
        listening = {
            connection.laddr.ip
            for connection in psutil.net_connections("inet")
            if connection.pid in processes and connection.status == psutil.CONN_LISTEN and connection.laddr
        }
        assert listening == {"127.0.0.1"}
        assert client.dashboard_link.startswith("http://127.0.0.1:")
    shown = f"dashboard at {client.dashboard_link}"
    if find_spec("bokeh") is None:
        shown = "no dashboard, which needs bokeh: pip install 'mvn_dask[dashboard]'"
    assert job_log == [f"cluster at {address}: 1 worker, 1 thread so far; {shown}"]
    assert client.status == "closed"


@pytest.mark.slow
def test_a_local_cluster_that_is_adaptive(tmp_path: Path, job_log: list[str]) -> None:
    table = {"kind": "local", "adaptive": {"maximum": 1}, "threads": 1}
    assert run(job_in(tmp_path, cluster=table)).complete
    assert "0 workers, 0 threads so far" in job_log[0]
    assert tree(tmp_path / "samples.zarr") == reference(tmp_path)


def test_a_local_cluster_with_encryption(tmp_path: Path) -> None:
    with open_cluster(job_in(tmp_path, cluster={"kind": "local", "adaptive": {"maximum": 1}, "tls": True})):
        address = default_client().scheduler.address
        assert address.startswith("tls://127.0.0.1:")
        host, port = address.removeprefix("tls://").split(":")
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        # A client without the temporary certificate is refused. It only reads: in TLS 1.3 the refusal comes after the
        # handshake, and who writes meanwhile may find the connection closed, and the alert lost.
        with (
            pytest.raises(ssl.SSLError, match="alert certificate required"),
            socket.create_connection((host, int(port))) as plain,
            context.wrap_socket(plain) as encrypted,
        ):
            encrypted.recv(100)


def test_any_class(tmp_path: Path, job_log: list[str]) -> None:
    options = {"threads_per_worker": 1, "processes": False, "dashboard_address": "127.0.0.1:0"}
    table = {"kind": "class", "class": "distributed.LocalCluster", "workers": 2, "options": options}
    assert run(job_in(tmp_path, cluster=table)).complete
    assert job_log[0].startswith("cluster at inproc://")


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"kind": "class", "class": "nowhere.Cluster"}, "nowhere.Cluster cannot be imported"),
        (
            {"kind": "class", "class": "distributed.NoCluster"},
            "cluster.class: distributed.NoCluster cannot be imported",
        ),
        ({"kind": "class", "class": "os.path"}, "cluster.class: must be a class of Dask clusters, and os.path is none"),
        ({"kind": "class", "class": "collections.OrderedDict"}, "cluster.class: must be a class of Dask clusters"),
        ({"kind": "class", "class": "os.getcwd"}, "cluster.class: must be a class of Dask clusters"),
        (
            {"kind": "local", "options": {"color": "hunter2"}},
            "job.toml: cluster.options.color: LocalCluster takes no such option",
        ),
        ({"kind": "local", "options": {"security": "hunter2"}}, "LocalCluster refuses them"),
        (
            {"kind": "scheduler", "address": "tls://127.0.0.1:9", "tls": {"ca": "ca.pem", "cert": "c", "key": "k"}},
            "cluster.tls.ca: there is no file",
        ),
    ],
)
def test_what_cannot_be_opened(table: dict[str, Any], words: str, tmp_path: Path) -> None:
    with pytest.raises(JobFileError, match=words) as caught:
        run(job_in(tmp_path, cluster=table))
    assert "hunter2" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_queues_have_their_classes() -> None:
    assert set(QUEUES) | {"kubernetes", "local"} == CLUSTER_CLASSES.keys()


def test_workers_that_are_lost_after_a_cancellation(tmp_path: Path) -> None:
    token = CancelToken()
    with cancellable(token):
        with pytest.raises(WorkersLostError), open_cluster(job_in(tmp_path)):
            raise WorkersLostError("gone")
        with pytest.raises(JobCancelledError), open_cluster(job_in(tmp_path)):  # noqa: PT012
            token.cancel()
            raise WorkersLostError("gone")


@pytest.mark.faults
def test_preloads_of_the_user_are_kept(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("import os\nos.environ['OWN_PRELOAD'] = 'there'\n")
    table = {**LOCAL, "options": {"preload": str(tmp_path / "own.py")}}
    with open_cluster(job_in(tmp_path, cluster=table)):
        found = default_client().run(_look)
    assert list(found.values()) == [("there", True)]


def _look() -> tuple[str, bool]:
    import os

    return os.environ["OWN_PRELOAD"], type(logging.getLogger().handlers[0]).__name__ == "LogForwarder"


@pytest.mark.parametrize("given", [{}, {"scheduler_options": {"dashboard_address": "127.0.0.1:0"}}])
def test_the_dashboard_of_a_queue_listens_on_loopback_alone(given: dict[str, Any], tmp_path: Path) -> None:
    cluster = {"kind": "slurm", "threads": 1, "memory": "1 GiB", "adaptive": {"maximum": 1}, "options": given}
    with open_cluster(job_in(tmp_path, cluster=cluster)):
        server = default_client().cluster.scheduler.http_server
        assert [socket.getsockname()[0] for socket in server._sockets.values()] == ["127.0.0.1"]


def test_a_local_cluster_that_does_not_start_is_a_fault_of_its_options(tmp_path: Path) -> None:
    cluster = {**LOCAL, "options": {"dashboard_address": "no such host:0"}}
    with (
        pytest.raises(JobFileError, match=r"cluster\.options: LocalCluster does not start"),
        open_cluster(job_in(tmp_path, cluster=cluster)),
    ):
        pytest.fail("it is open")
