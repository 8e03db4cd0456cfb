"""What a page says about drawing its sample again runs as it is."""

import html
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import mvn_dask
from mvn_dask.reporting.reproduction import location, python_lines, shell_command

NAMES = ["samples.zarr", "my 'own' samples.zarr", "$(touch x); `x`.zarr", 'a"b\\n.zarr']


def page_texts(folder: Path) -> list[str]:
    """Lines of code of a page, as a reader copies them."""
    text = mvn_dask.report(folder).html.partition('<h3 id="again">')[2].partition("</section>")[0]
    return [html.unescape(each) for each in re.findall("<pre[^>]*>(.*?)</pre>", text, re.DOTALL)]


def test_the_lines_and_the_command_of_a_page_run(tmp_path: Path) -> None:
    folder = tmp_path / NAMES[1]
    x = mvn_dask.MultivariateNormal([0.0, 1.0], [[2.0, 1.0], [1.0, 3.0]]).sample(5000, seed=[3, 4], chunks=1000)
    mvn_dask.to_zarr(x, folder)
    lines, command = page_texts(folder)
    subprocess.run([sys.executable, "-c", lines], cwd=tmp_path, check=True)
    again = mvn_dask.from_zarr(tmp_path / "again.zarr")
    np.testing.assert_array_equal(again.compute(), x.compute())
    program, *options = shlex.split(command)
    assert program == "mvn-dask"
    done = subprocess.run([sys.executable, "-m", "mvn_dask", *options], cwd=tmp_path, check=False, capture_output=True)
    assert (done.returncode, b"5000 of 5000" in done.stdout) == (0, True), done


@pytest.mark.parametrize("name", NAMES)
def test_names_are_quoted(name: str) -> None:
    lines = python_lines(f"/data/{name}")
    assert eval(lines[1].removeprefix("x = mvn_dask.replay")) == f"/data/{name}"  # noqa: S307 our own text
    assert shlex.split(shell_command(f"/data/{name}") or "")[2] == f"/data/{name}"


def test_places_that_a_shell_cannot_name_have_no_command() -> None:
    assert shell_command("/data/a\nb") is None
    assert shell_command("memory://a") is None
    assert python_lines("/data/a\nb")[1] == "x = mvn_dask.replay('/data/a\\nb')"
    assert location("relative.zarr") == str(Path("relative.zarr").absolute())
