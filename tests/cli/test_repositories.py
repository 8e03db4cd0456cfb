"""Commands on a job whose output is a repository of icechunk: the same results as in a folder, in few commits."""

import json
from pathlib import Path

import numpy as np
import pytest

import mvn_dask
from mvn_dask.store.storage.addressing import open_storage
from tests.support.command import JOB, Site
from tests.support.repositories import contents, messages, repository_in, url_of

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def repository(site: Site) -> Path:
    """The folder of the repository that the job of the site names."""
    folder = site.folder / "repository"
    site.job.write_text(JOB.replace("store.zarr", url_of(folder)))
    return folder


def result_of(site: Site, capsys: Captured, *command: object) -> dict[str, object]:
    capsys.readouterr()
    assert site.run(*command, "--json") == 0  # type: ignore[arg-type]
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_a_job_in_parts_gives_the_bytes_of_one_in_a_folder(site: Site, repository: Path, capsys: Captured) -> None:
    url = url_of(repository)
    for done, part in ((4, "3/4"), (8, "0/4"), (12, "2/4")):
        found = result_of(site, capsys, "run", "--part", part)
        assert (found["url"], found["drawn"], found["missing"], found["complete"]) == (url, 4, 16 - done, False)
        assert result_of(site, capsys, "run", "--part", part)["drawn"] == 0
        assert result_of(site, capsys, "status", "--part", part)["complete"] is True
        assert result_of(site, capsys, "status")["done"] == done
    found = result_of(site, capsys, "run")
    assert (found["drawn"], found["missing"], found["complete"]) == (4, 0, True)
    assert len(messages(repository_in(repository))) == 1 + 3 + 4, "icechunk's own, three of the store, one a part"
    assert site.run("run", "--quiet", "--set", "output.url=here.zarr") == 0
    stored, here = contents(open_storage(url)), contents(open_storage(site.folder / "here.zarr"))
    differ = {key for key in stored.keys() | here.keys() if stored.get(key) != here.get(key)}
    assert differ <= {".mvn_dask/lock", ".mvn_dask/create-lock"}


def test_what_is_done_with_a_store_is_done_with_a_repository(site: Site, repository: Path, capsys: Captured) -> None:
    url = url_of(repository)
    assert site.run("run", "--quiet") == 0
    for command in ("verify", "repair", "info", "report"):
        assert site.run(command, *(["-o", site.folder / "page.html"] if command == "report" else [])) == 0
    assert f"{url}: ok" in capsys.readouterr().out
    assert url in (site.folder / "page.html").read_text()
    assert site.run("status", "--format", "openmetrics") == 0
    assert f'mvn_dask_complete{{store="{url}"}} 1' in capsys.readouterr().out
    first = repository_in(repository).lookup_branch("main")
    assert site.run("extend", 500) == 0
    with np.testing.assert_raises_regex(mvn_dask.errors.StorageError, "never changes"):
        mvn_dask.extend(f"{url}?snapshot={first}", 10)
    assert mvn_dask.from_zarr(url).shape == (16_500, 2)
    assert mvn_dask.from_zarr(f"{url}?snapshot={first}").shape == (16_000, 2)


def test_a_plan_leaves_nothing_in_a_repository(site: Site, repository: Path, capsys: Captured) -> None:
    found = result_of(site, capsys, "plan", "--probe")
    assert found["write_seconds"]
    assert found["free_bytes"]
    assert [path.name for path in site.folder.iterdir()] == [site.job.name]
    assert site.run("run", "--quiet", "--part", "0/4") == 0
    before = messages(repository_in(repository), "main.mvn_dask-unfinished")
    assert site.run("plan", "--probe") == 0
    assert messages(repository_in(repository), "main.mvn_dask-unfinished") == before
    assert sorted(path.name for path in site.folder.iterdir()) == [site.job.name, "repository"]


def test_what_cannot_be_promised_is_refused(site: Site, repository: Path, capsys: Captured) -> None:
    assert site.run("run", "--quiet", "--set", "output.fsync=true") == 4
    assert f"`fsync` has no meaning for {url_of(repository)}: icechunk writes files without" in capsys.readouterr().err
    assert site.run("run", "--quiet", "--set", f"output.url={url_of(repository, '?tag=v1')}") == 4
    assert "names the tag 'v1' of a repository, which never changes" in capsys.readouterr().err
    assert not repository.exists()
