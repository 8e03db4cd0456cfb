"""Parts of a job in a bucket, by the command in processes of their own: killed, looked at, gone on with, merged."""

import json
import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from mvn_dask.job.toml_format import format_value
from tests.support.command import JOB, Site, wait_for
from tests.support.s3 import Prefix
from tests.support.stores import tree_without_locks

pytestmark = pytest.mark.faults
PARTS = 4
CHUNKS = 120
"""Many for a server that takes some milliseconds a chunk, so that a part is killed before it ends."""


@pytest.fixture
def bucket(site: Site, prefix: Prefix) -> Prefix:
    """The prefix that the job of the site names."""
    job = JOB.replace("size = 16_000", f"size = {50 * CHUNKS}").replace("chunks = 1000", "chunks = 50")
    options = f"storage_options = {format_value(prefix.options)}\n"
    site.job.write_text(job.replace('url = "store.zarr"', f'url = "{prefix.url}"\n{options}'))
    return prefix


def parts_of(site: Site) -> list[tuple[int, int]]:
    """Chunks that are there, and that are missing, of each part, as the command says it."""
    done = site.call("status", "job.toml", "--parts", PARTS, "--json")
    assert done.returncode == 0, done.stderr
    content = json.loads(done.stdout)
    assert [each["part"] for each in content["parts"]] == [[i, PARTS] for i in range(PARTS)]
    assert sum(each["done"] for each in content["parts"]) == content["done"]
    return [(each["done"], each["missing"]) for each in content["parts"]]


def kill_in_the_middle(site: Site, bucket: Prefix, part: int) -> None:
    """Start a part, and kill its processes when some of its chunks are there."""
    before = len(bucket.keys("samples/c/"))
    process = site.start("run", "job.toml", "--quiet", "--part", f"{part}/{PARTS}")
    wait_for(lambda: process.poll() is not None or len(bucket.keys("samples/c/")) > before + 2, "chunks of a part")
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def test_parts_that_are_killed_go_on(site: Site, bucket: Prefix, tmp_path: Path) -> None:
    kill_in_the_middle(site, bucket, 2)
    kill_in_the_middle(site, bucket, 0)
    counts = parts_of(site)
    assert counts[1] == counts[3] == (0, CHUNKS // PARTS)
    assert all(done and done + missing == CHUNKS // PARTS for done, missing in (counts[0], counts[2]))
    assert counts[0][1] + counts[2][1], "one of them at least was killed in the middle"

    # One of those that were killed, and another, at the same time; the second one of these again, which draws nothing.
    running = [site.start("run", "job.toml", "--part", f"{part}/{PARTS}", "--json") for part in (2, 1)]
    results = [json.loads(each.communicate()[0]) for each in running]
    assert [each["drawn"] for each in results] == [counts[2][1], CHUNKS // PARTS]
    again = site.call("run", "job.toml", "--part", f"1/{PARTS}", "--json")
    assert (again.returncode, json.loads(again.stdout)["drawn"]) == (0, 0)
    assert parts_of(site)[1:] == [(CHUNKS // PARTS, 0), (CHUNKS // PARTS, 0), (0, CHUNKS // PARTS)]
    assert "zarr.json" not in {*bucket.keys()}, "nobody opens half a store"

    # What is missing of all parts, in one go, which commits.
    merged = site.call("run", "job.toml", "--json")
    assert merged.returncode == 0, merged.stderr
    assert json.loads(merged.stdout)["drawn"] == counts[0][1] + CHUNKS // PARTS
    assert parts_of(site) == [(CHUNKS // PARTS, 0)] * PARTS
    here = ["--set", f"output.url={tmp_path / 'here.zarr'}", "--set", "output.storage_options={}"]
    assert site.run("run", "--quiet", *here) == 0
    stored, local = bucket.tree(), tree_without_locks(tmp_path / "here.zarr")
    assert {key: content for key, content in stored.items() if key in local} == local
    assert site.run("verify", "--level", "values", "--full") == 0


def test_samples_in_parts(site: Site, prefix: Prefix, capsys: pytest.CaptureFixture[str]) -> None:
    """The options of a command in place of a job file; the part that comes last commits."""
    options = [f"--set=output.storage_options={format_value(prefix.options)}"]
    given = ["--mean=0,1", "--cov=[[2,1],[1,2]]", "--size=40", "--seed=7", "--chunks=10", *options]
    for part in (1, 0):
        done = site.call("sample", prefix.url, *given, "--part", f"{part}/2", "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["drawn"] == 2
    assert json.loads(done.stdout)["complete"] is True
    assert prefix.keys("zarr.json")
