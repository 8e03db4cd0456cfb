"""Jobs on full disks, without permission, side by side, on processes and clusters, and stopped."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys

import numpy as np
import pytest

from tests.support.command import Site, StartPaused, assert_one_line
from tests.support.s3 import ACCESS, SECRET, Prefix
from tests.support.stores import tree

pytestmark = pytest.mark.faults


def as_another_user(site: Site, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """The command of a user who may read and enter the folder, and nothing else."""
    # Python may lie in a folder that is closed to others: whatever is needed is imported before, by another run.
    code = (
        "import os, sys\nfrom mvn_dask.cli.application import run\n"
        "assert run(['run', sys.argv[1], '--quiet', '--set', 'output.url=warm.zarr']) == 0\n"
        "os.setgroups([])\nos.setgid(65534)\nos.setuid(65534)\nsys.exit(run(sys.argv[2:]))"
    )
    command = [sys.executable, "-c", code, str(site.job), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=site.folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_no_permission(site: Site) -> None:
    for folder in (site.folder, *site.folder.parents[:3]):
        # Added to what there is: the outermost may be the system's own folder of temporary files.
        folder.chmod(folder.stat().st_mode | 0o555)
    before = set(site.folder.iterdir())
    done = as_another_user(site, "run", str(site.job))
    assert done.returncode == 4, done.stderr
    assert_one_line(done.stderr, "Permission denied", "store.zarr")
    assert set(site.folder.iterdir()) == before | {site.folder / "warm.zarr"}


UNSHARE = ["unshare", "--user", "--map-root-user", "--mount"]


@pytest.mark.skipif(
    shutil.which("unshare") is None
    or subprocess.run([*UNSHARE, "true"], check=False, capture_output=True).returncode != 0,
    reason="the system allows no mounts in a namespace of one's own",
)
def test_a_disk_that_is_full_or_read_only(site: Site) -> None:
    """In a namespace of its own, so that no mount outlives the test."""
    mount = (
        'mount -t tmpfs -o size=200k tmpfs disk && "$@" --set output.url=disk/x.zarr; echo $?; ls disk; '
        '"$@" --set output.url=disk/x.zarr --force; echo $?; ls disk/x.zarr; '
        'mount -o remount,size=20m disk && "$@" --set output.url=disk/x.zarr; echo $?; '
        'mount -o remount,ro disk && "$@" --set output.url=disk/y.zarr; echo $?'
    )
    (site.folder / "disk").mkdir()
    command = [*UNSHARE, "sh", "-c", mount, "sh", *site.command("run", "job.toml", "--quiet")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=site.folder)
    lines = done.stdout.splitlines()
    assert (lines[0], lines[1], lines[2], lines[4], lines[-1]) == ("4", "1", "samples", "0", "4"), done.stderr
    assert "complete; " in lines[3]
    no_room, full, read_only = done.stderr.splitlines()
    assert "does not fit: 250 KiB are missing in it, and 200 KiB are free there" in no_room
    assert "--force" in no_room
    assert full.startswith("mvn-dask: error: ")
    assert "No space left on device" in full
    assert "Read-only file system" in read_only


@pytest.mark.slow
@pytest.mark.parametrize("count", [3, 8])
def test_parts_side_by_side(count: int, site: Site) -> None:
    """Real processes that begin the same job at the same moment."""
    parts = [site.start("run", "job.toml", "--part", f"{i}/{count}") for i in range(count)]
    for part in parts:
        _, err = part.communicate()
        assert (part.returncode, err) == (0, "")
    assert tree(site.store) == site.reference()


@pytest.mark.parametrize("kind", [pytest.param("processes", marks=pytest.mark.slow), "local"])
def test_other_kinds_give_the_same_bytes_and_json(kind: str, site: Site) -> None:
    workers = ["--set", f"cluster.kind={kind}", "--set", "cluster.workers=2"]
    done = site.call(
        "run", "job.toml", *workers, "--json", "--log-format", "json", *(["--tls"] if kind == "local" else [])
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["drawn"] == 16
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    # On a busy machine there are lines about progress, and warnings of distributed, as well.
    assert [line["event"] for line in lines if "event" in line] == ["started", "finished"]
    lines = [line for line in lines if "event" not in line]
    lines = [line for line in lines if "done" not in line and (line["level"], "logger" in line) != ("warning", True)]
    assert [line["level"] for line in lines] == (["info"] if kind == "local" else [])
    if kind == "local":
        assert "cluster at tls://127.0.0.1:" in lines[0]["message"]
        assert "2 workers" in lines[0]["message"]
    assert tree(site.store) == site.reference()


def test_the_message_of_a_stop_holds_no_secrets(prefix: Prefix, site: Site, start_paused: StartPaused) -> None:
    options = {key: value for key, value in prefix.options.items() if isinstance(value, str)}
    given = [
        f"output.url={prefix.url}",
        "distribution.cov=cov.npy",
        "output.storage_options.client_options.allow_http=true",
    ]
    given += [f"output.storage_options.{key}={value}" for key, value in options.items()]
    np.save(site.folder / "cov.npy", np.eye(2))
    job = start_paused("open:cov.npy", "run", "job.toml", *(part for each in given for part in ("--set", each)))
    job.wait_until_paused()
    job.signal(signal.SIGTERM)
    job.resume()
    _, err = job.end(75)
    assert "stopped, before anything was written; to go on: mvn-dask run job.toml --set output.url=s3://bucket/" in err
    assert "output.storage_options.secret_access_key=…" in err
    assert SECRET not in err
    assert ACCESS not in err


def test_the_address_of_a_dashboard_is_shown(
    site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its host and port, although they were given as an option of the cluster."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # distributed serves a page without bokeh as well, which says that bokeh is missing.
    monkeypatch.setattr("mvn_dask.job.clusters.find_spec", lambda _: True)
    cluster = ["--set", "cluster.kind=local", "--set", "cluster.workers=1", "--set", "cluster.threads=1"]
    assert site.run("run", *cluster, "--dashboard", f"127.0.0.1:{port}") == 0
    assert f"1 worker, 1 thread so far; dashboard at http://127.0.0.1:{port}/status" in capsys.readouterr().err
