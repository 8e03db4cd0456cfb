from pathlib import Path
from typing import Any

import pytest
import zarr
from zarr.storage import MemoryStore

from mvn_dask.errors import TargetError
from mvn_dask.store.addressing import local_folder, refuse_torn_writes


def test_paths_and_file_urls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/somebody")
    assert local_folder("a.zarr") == tmp_path / "a.zarr"
    assert local_folder(Path("a.zarr")) == tmp_path / "a.zarr"
    assert local_folder("file:///data/a%20b.zarr") == Path("/data/a b.zarr")
    assert local_folder("file://localhost/data/a#b?c") == Path("/data/a#b?c")
    assert local_folder("~/a.zarr") == Path("/home/somebody/a.zarr")


@pytest.mark.parametrize(
    "url",
    ["http://x/y", "file://host/a", "file:/a", "", 7, None, MemoryStore()],
)
def test_everything_else_is_refused(url: Any) -> None:
    with pytest.raises(TargetError, match="`url` must be a local path"):
        local_folder(url)


def test_a_pipeline_that_writes_in_place_is_refused() -> None:
    with (
        zarr.config.set({"codec_pipeline.path": "zarrs.ZarrsCodecPipeline"}),
        pytest.raises(TargetError, match="torn chunks"),
    ):
        refuse_torn_writes()
    refuse_torn_writes()
