import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pandas as pd
import pytest

import mvn_dask
from mvn_dask.reporting.report import report
from tests.reporting.samples import plant


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        pytest.skip("there is no chromium on this machine")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A sound, a faulty and a very wide sample, one of forty variables, and derived numbers."""
    names = ["<script>alert(1)</script>", "a name that is much too long for any picture or table", "سعر", "d"]
    cov = pd.DataFrame(np.eye(4) + 0.4, names, names)
    made = {
        "sound": mvn_dask.MultivariateNormal(np.arange(4), cov).sample(100_000, seed=1, chunks=10_000),
        "faulty": mvn_dask.MultivariateNormal(np.arange(4), cov).sample(100_000, seed=2, chunks=10_000),
        "wide": mvn_dask.MultivariateNormal(np.zeros(50_000), 1.0).sample(200, seed=1),
        "derived": da.exp(mvn_dask.MultivariateNormal(np.arange(2), 1.0).sample(100_000, seed=1, chunks=10_000)),
    }
    loadings = np.random.default_rng(1).standard_normal((40, 6))
    market = [f"sector {i:02d} of some market" for i in range(40)]
    forty = mvn_dask.MultivariateNormal(np.arange(40), pd.DataFrame(loadings @ loadings.T + np.eye(40), market, market))
    made["forty"] = forty.sample(20_000, seed=1, chunks=2000)
    folder = tmp_path_factory.mktemp("pages")
    for name, x in made.items():
        mvn_dask.to_zarr(x, f"memory://browser-{name}")
        if name == "derived":
            # Fifty rows that are 9 in both columns.
            plant(
                "memory://browser-derived", 7, lambda block: np.where(np.arange(len(block))[:, None] < 50, 9.0, block)
            )
        if name == "faulty":
            plant("memory://browser-faulty", 4, lambda block: 5 * block[:, [3, 1, 2, 0]])
        (folder / f"{name}.html").write_text(report(f"memory://browser-{name}").html, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in made}
