import os
from pathlib import Path

import pytest

from mvn_dask.cli.application import run
from mvn_dask.cli.output_files import refuse_unusable_file
from mvn_dask.errors import ArgumentError
from tests.support.command import Site, assert_one_line

Captured = pytest.CaptureFixture[str]


def test_what_cannot_be_written(tmp_path: Path) -> None:
    refuse_unusable_file("-o", tmp_path / "a.html")
    with pytest.raises(ArgumentError, match=r"there is no folder .*/no: make it"):
        refuse_unusable_file("-o", tmp_path / "no" / "a.html")
    with pytest.raises(ArgumentError, match="is a folder: name a file in it"):
        refuse_unusable_file("-o", tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(ArgumentError, match=r"there is no folder .*/file"):
        refuse_unusable_file("-o", tmp_path / "file" / "a.html")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError):
        refuse_unusable_file("-o", tmp_path / "a.html")


@pytest.mark.parametrize("name", ["a.pdf", "a.PNG", "a.html.gz"])
def test_a_report_is_a_page(name: str, site: Site, capsys: Captured) -> None:
    """Refused before the store is looked for."""
    assert site.run("report", "-o", site.folder / name) == 2
    assert_one_line(capsys.readouterr().err, "--output must name a page of HTML", ".html", name)
    assert not (site.folder / name).exists()


@pytest.mark.parametrize("arguments", [["report", "job.toml", "-o", "no/a.html"], ["init", "no/job.toml"]])
def test_a_folder_that_is_missing(
    arguments: list[str], site: Site, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(site.folder)
    assert run(arguments) == 2
    assert_one_line(capsys.readouterr().err, "there is no folder", "no: make it")
