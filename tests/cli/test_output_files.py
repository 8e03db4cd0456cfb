import os
from pathlib import Path

import pytest

from mvn_dask.cli.application import run
from mvn_dask.cli.output_files import output_file
from mvn_dask.errors import ArgumentError
from tests.support.command import Site, assert_one_line

Captured = pytest.CaptureFixture[str]


def test_what_cannot_be_written(tmp_path: Path) -> None:
    assert output_file("-o", str(tmp_path / "a.html")) == tmp_path / "a.html"
    with pytest.raises(ArgumentError, match=r"there is no folder .*/no: make it"):
        output_file("-o", str(tmp_path / "no" / "a.html"))
    with pytest.raises(ArgumentError, match="is a folder: name a file in it"):
        output_file("-o", str(tmp_path))
    (tmp_path / "file").touch()
    with pytest.raises(ArgumentError, match=r"there is no folder .*/file"):
        output_file("-o", str(tmp_path / "file" / "a.html"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError):
        output_file("-o", str(tmp_path / "a.html"))


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


@pytest.mark.parametrize(
    ("arguments", "option"), [(["report", "job.toml", "--output"], "--output"), (["init"], "PATH")]
)
@pytest.mark.parametrize("name", ["s3:/a.html", "s3:a.html", "s3://bucket/a.html", "~nobody-here/a.html", ""])
def test_a_name_that_is_no_path_here(
    arguments: list[str], option: str, name: str, site: Site, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where there are folders of such names."""
    monkeypatch.chdir(site.folder)
    for folder in ("s3:", "~nobody-here"):
        (site.folder / folder).mkdir()
    assert run([*arguments, name]) == 2
    assert_one_line(capsys.readouterr().err, f"{option} must be a path")
    assert not list(site.folder.glob("*/*"))


def test_a_page_in_a_home_folder_and_at_a_file_url(
    site: Site, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert site.run("run", "--quiet") == 0
    (site.folder / "~").mkdir()
    monkeypatch.chdir(site.folder)
    monkeypatch.setenv("HOME", str(site.folder / "home"))
    (site.folder / "home").mkdir()
    for name, path in {"~/a.html": "home/a.html", (site.folder / "b c.html").as_uri(): "b c.html"}.items():
        capsys.readouterr()
        assert site.run("report", "--output", name) == 0
        assert (site.folder / path).read_text().startswith("<!")
        assert str(site.folder / path) in capsys.readouterr().err
    assert not list((site.folder / "~").iterdir())
