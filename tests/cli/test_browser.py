"""A page is opened by whatever browser there is, and a machine without one says so."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import mvn_dask


@pytest.fixture
def store(tmp_path: Path) -> Path:
    mvn_dask.to_zarr(mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(1000, seed=1), tmp_path / "a.zarr")
    return tmp_path / "a.zarr"


def report(store: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mvn_dask", "report", str(store), "-o", "a page.html", "--open"]
    kept = {key: value for key, value in os.environ.items() if key not in {"DISPLAY", "WAYLAND_DISPLAY", "BROWSER"}}
    return subprocess.run(command, cwd=store.parent, env=kept | variables, capture_output=True, text=True, check=False)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have a way of their own")
def test_the_page_is_opened(store: Path) -> None:
    browser = store.parent / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {store.parent}/opened\n')
    browser.chmod(0o700)
    done = report(store, BROWSER=str(browser))
    assert done.returncode == 0, done.stderr
    assert (store.parent / "opened").read_text() == f"{(store.parent / 'a page.html').as_uri()}\n"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems always have a browser")
def test_without_a_browser_the_page_is_named(store: Path) -> None:
    done = report(store, PATH=str(store.parent))
    assert done.returncode == 0, done.stderr
    assert f"no browser could be started: open {store.parent / 'a page.html'} yourself" in done.stderr
    assert (store.parent / "a page.html").exists()
