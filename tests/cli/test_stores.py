"""Commands about stores."""

import dataclasses
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest

import mvn_dask
from mvn_dask.cli.application import run
from mvn_dask.job.job import Job
from mvn_dask.maintenance.describe import Description
from mvn_dask.maintenance.extend import Extension
from mvn_dask.maintenance.repair import Repair
from mvn_dask.maintenance.verify import Verification
from mvn_dask.store.status import Status
from tests.support.command import Site, assert_one_line
from tests.support.s3 import ACCESS, SECRET, Prefix
from tests.support.stores import tree

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def stored(site: Site, capsys: Captured) -> Site:
    """A site whose job is done."""
    assert site.run("run", "--quiet") == 0
    capsys.readouterr()
    return site


def names(kind: Any) -> set[str]:
    return {field.name for field in dataclasses.fields(kind)}


def result(capsys: Captured) -> dict[str, Any]:
    out, err = capsys.readouterr()
    assert err == ""
    return dict(json.loads(out))


@pytest.mark.parametrize("way", ["job", "job url", "path", "url", "short url"])
def test_ways_to_name_a_store(way: str, stored: Site, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(stored.folder)
    location = {
        "job": "job.toml",
        "job url": f"FILE://{stored.folder}/job.toml",
        "path": "store.zarr",
        "url": stored.store.as_uri(),
        "short url": f"file:{stored.store}",
    }[way]
    for command, kind in (("status", Status), ("info", Description), ("verify", Verification), ("repair", Repair)):
        assert run([command, location, "--json"]) == 0
        content = result(capsys)
        derived = {"complete", "ok", "state", "bad_count", "differences"}
        assert content.keys() - derived == names(kind) - derived
        assert content["url"] == str(stored.store)
        assert run([command, location]) == 0
        assert str(stored.store) in capsys.readouterr().out
    assert tree(stored.store) == stored.reference()


def test_status_while_a_job_is_half_done(site: Site, capsys: Captured) -> None:
    site.run("run", "--quiet", "--part", "0/4")
    capsys.readouterr()
    assert site.run("status", "--json") == 0
    content = result(capsys)
    assert (content["done"], content["missing"], content["complete"], content["committed"]) == (4, 12, False, False)
    assert site.run("info", "--json") == 0
    assert result(capsys)["complete"] is False
    assert site.run("verify") == 5
    assert site.run("repair", "--json") == 0
    assert tree(site.store) == site.reference()


def test_info(stored: Site, capsys: Captured) -> None:
    assert stored.run("info", "--json") == 0
    content = result(capsys)
    assert content["samples"][0]["entropy"] == "7"
    assert content["names"] is None
    assert (content["shape"], content["chunk_shape"], content["chunks"]) == ([16_000, 2], [1000, 2], 16)


@pytest.mark.parametrize("damage", ["torn", "flipped", "missing", "unknown", "metadata", "manifest"])
def test_verify_finds_damage_and_repair_removes_it(damage: str, stored: Site, capsys: Captured) -> None:
    chunk = stored.chunk(3)
    if damage == "torn":
        os.truncate(chunk, 100)
    elif damage == "flipped":
        content = bytearray(chunk.read_bytes())
        content[500] ^= 1
        chunk.write_bytes(content)
    elif damage == "missing":
        chunk.unlink()
    elif damage == "unknown":
        (stored.store / "samples" / "c" / "99").mkdir()
        (stored.store / "samples" / "c" / "99" / "0").write_bytes(b"x")
    elif damage == "metadata":
        (stored.store / "samples" / "zarr.json").write_text("{}")
    else:
        manifest = stored.store / ".mvn_dask" / "manifest.json"
        manifest.write_text(manifest.read_text().replace('"7"', '"8"'))
    assert stored.run("verify") == 5
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    if damage == "manifest":
        assert_one_line(err, "manifest.json is damaged")
        assert stored.run("repair") == 4
        return
    assert err == ""
    assert "NOT ok" in out
    assert stored.run("verify", "--json") == 5
    content = json.loads(capsys.readouterr().out)
    assert content["ok"] is False
    if damage in {"torn", "flipped", "missing"}:
        assert [each["chunk"] for each in content["bad"]] == [[3, 0]]
    if damage == "unknown":
        return
    assert stored.run("repair") == 0
    assert stored.run("verify", "--level", "values", "--full") == 0
    assert tree(stored.store) == stored.reference()


def test_levels(stored: Site, capsys: Captured) -> None:
    for level in ("size", "checksum", "values"):
        assert stored.run("verify", "--level", level) == 0
        assert f"level '{level}'" in capsys.readouterr().out


REFUSED = [
    (["status", "nothing.zarr"], 4, "there is no store"),
    (["info", "."], 4, "there is no store"),
    (["verify", "nothing.zarr"], 4, "there is no store"),
    (["repair", "nothing.zarr"], 4, "there is no store"),
    (["extend", "nothing.zarr", "5"], 4, "there is no store"),
    (["report", "nothing.zarr"], 4, "there is no store"),
    (["status", "memory://nothing"], 4, "there is no store"),
    (["status", "ftp://x/y"], 2, "ftp"),
    (["status", "s3:/typo"], 2, "must be a path, or a URL as s3://…, not 's3:/typo'"),
    (["status", "s3:bucket/x"], 2, "must be a path, or a URL as s3://…, not 's3:bucket/x'"),
    (["status", "~nosuchuser/x"], 2, "'~nosuchuser' is the home of nobody here"),
    (["status", "~nosuchuser/job.toml"], 2, "'~nosuchuser' is the home of nobody here"),
    (["status", "job.toml", "--set", "output.url=s3:/typo"], 2, "--set output.url=s3:/typo: must be a path, or a URL"),
    (["run", "https://host/job.toml"], 2, "the job file must be a path of this machine, not the URL"),
    (["plan", "s3:/typo.toml"], 2, "the job file must be a path, or a URL as s3://…, not 's3:/typo.toml'"),
    (["init", "s3:/typo.toml"], 2, "PATH must be a path, or a URL as s3://…, not 's3:/typo.toml'"),
    (["verify", "store.zarr", "--level", "deep"], 2, "--level must be"),
    (["verify", "store.zarr", "--full"], 2, "full"),
    (["extend", "store.zarr", "0"], 2, "ROWS must be an integer of at least 1"),
    (["extend", "store.zarr", "few"], 2, "ROWS"),
    (["extend", "store.zarr", "--", "-5"], 2, "ROWS"),
    (["status", "store.zarr", "--set", "sample.size=3"], 2, "--set changes a job file"),
    (["status", "store.zarr", "--storage-option", "key"], 2, "KEY=VALUE"),
    (["status", "store.zarr", "--storage-option", "=x"], 2, "KEY=VALUE"),
    (["status", "job.toml", "--set", "sample.size=x"], 2, "sample.size"),
]


def test_what_cannot_be_done_is_one_line(stored: Site, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(stored.folder)
    before = tree(stored.store)
    for arguments, code, message in REFUSED:
        assert run(arguments) == code, arguments
        out, err = capsys.readouterr()
        assert out == ""
        assert_one_line(err, message)
        assert tree(stored.store) == before
    assert before == stored.reference()


def test_extend(stored: Site, capsys: Captured) -> None:
    assert stored.run("extend", "2.5e3", "--json") == 0
    content = result(capsys)
    assert content.keys() == names(Extension)
    assert (content["before"], content["after"]) == ([16_000, 2], [18_500, 2])
    assert stored.run("run", "--quiet", "--set", "sample.size=18500", "--set", "output.url=longer.zarr") == 0
    assert tree(stored.store) == tree(stored.folder / "longer.zarr")
    capsys.readouterr()
    assert stored.run("run") == 4, "the job is that of the shorter store"
    stored.chunk(3).unlink()
    capsys.readouterr()
    assert stored.run("extend", "1") == 4
    assert_one_line(capsys.readouterr().err, "repair")


@pytest.mark.parametrize("fsync", [True, False])
def test_repair_and_extend_wait_for_the_disk_where_the_job_does(
    fsync: bool, stored: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[str] = []
    real = os.fsync

    def record(descriptor: int) -> None:
        waited.append(os.readlink(f"/proc/self/fd/{descriptor}"))  # noqa: PTH115
        real(descriptor)

    monkeypatch.setattr(os, "fsync", record)
    option = ["--set", f"output.fsync={str(fsync).lower()}"]
    stored.chunk(3).unlink()
    assert stored.run("repair", *option) == 0
    assert any("/samples/c/3/0." in path for path in waited) is fsync
    waited.clear()
    assert stored.run("extend", "500", *option) == 0
    for file in ("samples/c/16/0.", "zarr.json.", "manifest.json."):
        assert any(f"/{file}" in path for path in waited) is fsync, file


def test_report(stored: Site, capsys: Captured) -> None:
    page = stored.folder / "page.html"
    assert stored.run("report", "-o", page, "--json") == 0
    out, err = capsys.readouterr()
    assert err == f"mvn-dask: wrote {page}\n"
    assert json.loads(out)
    assert "<html" in page.read_text()
    before = page.read_bytes()
    stored.chunk(3).unlink()
    assert stored.run("report", "-o", page) != 0
    assert page.read_bytes() == before


def test_a_report_shows_the_estimates_of_a_job(stored: Site, capsys: Captured) -> None:
    page, file = stored.folder / "page.html", stored.folder / "job.toml"
    file.write_text(f'{file.read_text()}\n[[estimate]]\nstatistic = "quantile"\nq = 0.99\ncolumn = 1\nname = "bad"\n')
    assert stored.run("report", "-o", page, "--json") == 0
    (found,) = json.loads(capsys.readouterr().out)["convergences"]
    assert (found["name"], found["rows"][-1]) == ("bad", 16_000)
    assert found["low"][-1] < found["value"][-1] < found["high"][-1]
    assert "<figcaption>bad</figcaption>" in page.read_text()


def test_a_report_on_losses(stored: Site, capsys: Captured) -> None:
    losses = da.exp(mvn_dask.from_zarr(stored.store)).sum(axis=1)
    page, url = stored.folder / "page.html", stored.folder / "losses.zarr"
    mvn_dask.to_zarr(losses, url)
    assert run(["report", str(url), "-o", str(page)]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"{url}: ok (wrong for 1 in 1,000 stores of independent rows)\n  Means along the rows: ok; ")
    assert "99.9 % expected shortfall" in page.read_text()
    mvn_dask.to_zarr(losses + 4 * da.from_array(np.arange(16_000) > 9_000, chunks=1000), stored.folder / "shifted.zarr")
    assert run(["report", str(stored.folder / "shifted.zarr"), "-o", str(page)]) == 5
    assert "Means along the rows: NOT ok; the numbers: mean " in capsys.readouterr().out


def test_the_cluster_of_a_job_works_on_its_store(stored: Site, capsys: Captured) -> None:
    stored.chunk(3).unlink()
    cluster = ["--set", "cluster.kind=local", "--set", "cluster.workers=1", "--set", "cluster.options.processes=false"]
    assert stored.run("repair", *cluster) == 0
    assert "mvn-dask: cluster at inproc://" in capsys.readouterr().err
    assert tree(stored.store) == stored.reference()


def test_memory(site: Site, capsys: Captured) -> None:
    """Every command on a store in the memory of this process."""
    url = ["--set", f"output.url=memory://{site.folder.name}"]
    assert site.run("status", *url, "--quiet") == 4
    for command in ("run", "run", "status", "verify", "info", "repair"):
        assert site.run(command, *url, "--quiet") == 0
    assert site.run("extend", "100", *url) == 0
    capsys.readouterr()
    assert run(["status", f"memory://{site.folder.name}", "--json"]) == 0
    assert result(capsys)["complete"] is True


@pytest.mark.faults
def test_an_object_store(prefix: Prefix, site: Site, capsys: Captured) -> None:
    """With credentials in the job file: the same bytes are written, and no output holds the credentials."""
    options = {**prefix.options, "client_options": {"allow_http": True}}
    lines = [f"{key} = {_toml(value)}" for key, value in options.items()]
    text = site.job.read_text().replace('url = "store.zarr"', f'url = "{prefix.url}"')
    site.job.write_text(f"{text}\n[output.storage_options]\n" + "\n".join(lines) + "\n")
    before = {path.name for path in site.folder.iterdir()}
    assert site.run("plan", "--json") == 0
    assert not prefix.keys()
    assert site.run("run", "--part", "0/2") == 0
    assert site.run("status") == 0
    assert site.run("verify") == 5
    with ThreadPoolExecutor(1) as pool:
        rest = pool.submit(lambda: Job.from_toml(site.job).run())
        assert site.run("status", "--watch", "--interval", "0.1") == 0
        assert rest.result().complete
    assert site.run("run") == 0
    again = prefix.times()
    assert site.run("run") == 0
    assert prefix.times() == again
    prefix.delete("samples/c/3/0")
    assert site.run("repair") == 0
    assert site.run("verify", "--level", "values") == 0
    assert site.run("info") == 0
    assert site.run("extend", "1000") == 0
    assert site.run("run", "--set", "sample.seed=8", "--debug") == 4
    assert site.run("report", "-o", site.folder / "page.html") == 0
    assert {path.name for path in site.folder.iterdir()} == before | {"page.html"}
    out, err = capsys.readouterr()
    for secret in (SECRET, ACCESS):
        assert secret not in out + err
        assert secret not in (site.folder / "page.html").read_text()
    assert site.run("run", "--quiet", "--set", "sample.size=17000", "--set", "output.url=b.zarr",
                    "--set", "output.storage_options={}") == 0  # fmt: skip
    local = tree(site.folder / "b.zarr")
    assert prefix.tree() == {key: content for key, content in local.items() if not key.endswith("lock")}


@pytest.mark.faults
def test_an_object_store_by_the_environment(
    prefix: Prefix, site: Site, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "AWS_ACCESS_KEY_ID": ACCESS,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": prefix.endpoint,
        "AWS_ENDPOINT": prefix.endpoint,
        "AWS_ALLOW_HTTP": "true",
    }.items():
        monkeypatch.setenv(name, value)
    assert site.run("run", "--set", f"output.url={prefix.url}") == 0
    for command in ("status", "info", "verify", "repair"):
        assert run([command, prefix.url]) == 0
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ENDPOINT", "http://127.0.0.1:9")
    capsys.readouterr()
    given = ["--storage-option", f"endpoint={prefix.endpoint}", "--storage-option", f"secret_access_key={SECRET}"]
    assert run(["status", prefix.url, *given]) == 0
    assert SECRET not in "".join(capsys.readouterr())


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(inner)}" for key, inner in value.items()) + "}"
    return json.dumps(value)


def test_a_derived_store(site: Site, capsys: Captured) -> None:
    x = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(100, seed=1, chunks=50)
    mvn_dask.to_zarr(x * 2.0, site.store)
    assert run(["info", str(site.store)]) == 0
    assert "derived, complete" in capsys.readouterr().out
    assert run(["verify", str(site.store)]) == 0
    capsys.readouterr()
    assert run(["verify", str(site.store), "--level", "values"]) == 4
    assert_one_line(capsys.readouterr().err, "derived")
    assert run(["repair", str(site.store)]) == 4


def test_a_folder_whose_name_ends_like_a_job(site: Site, capsys: Captured) -> None:
    assert site.run("run", "--quiet", "--set", "output.url=odd.toml") == 0
    assert run(["status", str(Path(site.folder) / "odd.toml")]) == 0


WRONG = [
    ("", "STORE must be a path or a URL, neither empty"),
    ("s3:/x", "STORE must be a path, or a URL as s3://"),
    ("http://h/x.zarr", "STORE must be a path, or an s3://"),
    ("s3://b/../x.zarr", "STORE must be a plain prefix"),
    ("~nobody-here/x.zarr", "STORE must be a path"),
    ("${NOT_SET}/x.zarr", "STORE needs the environment variable NOT_SET"),
]


@pytest.mark.parametrize("command", ["status", "info", "verify", "repair", "report"])
def test_what_is_no_store_by_its_name_is_wrong_usage(command: str, capsys: Captured) -> None:
    for store, message in WRONG:
        assert run([command, store]) == 2, store
        assert_one_line(capsys.readouterr().err, message)


def test_a_store_at_a_path_with_a_variable(stored: Site, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read as `sample` reads its OUT."""
    monkeypatch.setenv("STORE_FOLDER", str(stored.folder))
    assert run(["status", "${STORE_FOLDER}/store.zarr"]) == 0
    assert str(stored.store) in capsys.readouterr().out


def test_a_store_is_named_as_it_is_whatever_words_are_in_it(tmp_path: Path, capsys: Captured) -> None:
    for name in ("mvn_dask.extend.zarr", "use overwrite=True.zarr", "{repair}.zarr"):
        assert run(["status", str(tmp_path / name)]) == 4
        assert_one_line(capsys.readouterr().err, f"there is no store at {tmp_path / name}: `mvn-dask run` makes one")


def test_a_derived_store_is_extended_in_python(tmp_path: Path, capsys: Captured) -> None:
    rows = mvn_dask.MultivariateNormal([0.0, 1.0], [1.0, 2.0]).sample(100, seed=1)
    mvn_dask.to_zarr(rows + 1, tmp_path / "derived.zarr")
    assert run(["extend", str(tmp_path / "derived.zarr"), "5"]) == 4
    assert_one_line(capsys.readouterr().err, "cannot draw again: extend the samples, and in Python compute the longer")
    assert run(["repair", str(tmp_path / "derived.zarr")]) == 4
    assert_one_line(capsys.readouterr().err, "cannot draw again: in Python give the array that was stored")
