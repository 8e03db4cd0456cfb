import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from distributed import Client

import mvn_dask
from mvn_dask.cli.application import run as command
from mvn_dask.errors import JobCancelledError
from mvn_dask.execution.cancellation import CancelToken, cancellable
from mvn_dask.job.running import run
from tests.support.jobs import job_in
from tests.support.stores import tree


def reference(folder: Path) -> dict[str, bytes]:
    run(job_in(folder / "reference"))
    return tree(folder / "reference" / "samples.zarr")


@pytest.mark.parametrize("seconds", [0.0, 0.3])
def test_a_scheduler_that_does_not_answer(seconds: float, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        job = job_in(tmp_path, cluster={"kind": "scheduler", "address": f"tcp://127.0.0.1:{mute.getsockname()[1]}"})
        with pytest.raises(ConnectionError, match=rf"no scheduler answers within {seconds:g} s") as caught:
            run(job, connect_timeout=seconds)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("where", ["address", "file"])
def test_a_cancellation_while_waiting_for_a_scheduler(where: str, tmp_path: Path) -> None:
    token = CancelToken()
    timer = threading.Timer(0.3, token.cancel)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        table = (
            {"address": f"tcp://127.0.0.1:{mute.getsockname()[1]}"} if where == "address" else {"scheduler_file": "x"}
        )
        timer.start()
        with cancellable(token), pytest.raises(JobCancelledError):
            run(job_in(tmp_path, cluster={"kind": "scheduler", **table}), connect_timeout=5.0)
    timer.join()
    # The connection that was left alone comes to its own end.
    for thread in threading.enumerate():
        if thread.name == "mvn-dask-connect":
            thread.join(10.0)


@contextmanager
def dask_cluster(folder: Path, *options: str) -> Iterator[str]:
    """``dask scheduler`` and ``dask worker``, as people start them; the scheduler's address."""
    file = folder / "scheduler.json"
    dask_command = [sys.executable, "-m", "dask"]
    tls = ["--protocol", "tls"] if options else []
    place = ["--host", "127.0.0.1", "--scheduler-file", str(file), *options]
    started = [
        subprocess.Popen(
            [*dask_command, "scheduler", *place, *tls, "--port", "0", "--dashboard-address", "127.0.0.1:0"],
            stderr=subprocess.DEVNULL,
        )
    ]
    try:
        deadline = time.monotonic() + 60.0
        # The scheduler creates the file before it writes it.
        while not file.exists() or not file.read_text():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        worker = ["worker", *place, *tls, "--nthreads", "1", "--no-nanny", "--no-dashboard"]
        started.append(subprocess.Popen([*dask_command, *worker], stderr=subprocess.DEVNULL, cwd=folder))
        yield str(json.loads(file.read_text())["address"])
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait()


def certificates(folder: Path, name: str) -> None:
    """An authority, and a certificate that it signed."""
    now = datetime.now(UTC)
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    authority = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    subjects = [authority, x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])]
    for key, subject, file in zip(keys, subjects, (f"{name}-ca", name), strict=True):
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(authority)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=subject is authority, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
            .sign(keys[0], hashes.SHA256())
        )
        (folder / f"{file}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (folder / f"{file}-key.pem").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )


@pytest.mark.faults
def test_a_scheduler_that_runs_already(tmp_path: Path, job_log: list[str]) -> None:
    with dask_cluster(tmp_path) as address:
        table = {"kind": "scheduler", "address": address}
        assert run(job_in(tmp_path, cluster=table), (0, 2)).drawn == 5
        table = {"kind": "scheduler", "scheduler_file": "scheduler.json"}
        assert run(job_in(tmp_path, cluster=table)).drawn == 5
        with Client(address) as client:
            assert len(client.scheduler_info()["workers"]) == 1, "it is left as it was"
    assert job_log[0].startswith(f"cluster at {address}: ")
    assert tree(tmp_path / "samples.zarr") == reference(tmp_path)


@pytest.mark.faults
def test_a_scheduler_that_requires_certificates(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("ours", "others"):
        certificates(tmp_path, name)
    files = {kind: f"ours{end}" for kind, end in (("ca-file", "-ca.pem"), ("cert", ".pem"), ("key", "-key.pem"))}
    options = [word for kind, file in files.items() for word in (f"--tls-{kind}", str(tmp_path / file))]
    with dask_cluster(tmp_path, *options) as address:
        assert address.startswith("tls://127.0.0.1:")
        tls = {"ca": files["ca-file"], "cert": files["cert"], "key": files["key"]}
        job = job_in(tmp_path, cluster={"kind": "scheduler", "address": address, "tls": tls})
        (tmp_path / "job.toml").write_text(job.to_toml())
        wrong = ["--set", "cluster.tls.ca=others-ca.pem", "--connect-timeout", "2", "--set", "output.url=other.zarr"]
        assert command(["run", str(tmp_path / "job.toml"), *wrong]) == 1
        err = capsys.readouterr().err
        assert err.startswith("mvn-dask: error: no scheduler answers within 2 s")
        assert err.count("\n") == 1
        assert not (tmp_path / "other.zarr").exists()
        assert command(["run", str(tmp_path / "job.toml")]) == 0
        assert f"cluster at {address}" in capsys.readouterr().err
    assert tree(tmp_path / "samples.zarr") == reference(tmp_path)
    assert mvn_dask.verify(tmp_path / "samples.zarr", level="values", full=True).ok
