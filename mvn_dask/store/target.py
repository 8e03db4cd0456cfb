"""Where a store may lie: what `url` means, and what is refused because it is not atomic."""

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

import zarr

from mvn_dask.errors import TargetError


def local_folder(url: object) -> Path:
    """The folder behind a path or a ``file://`` URL, absolute, since workers have folders of their own.

    Raises
    ------
    TargetError
        For anything else, and where a configured codec pipeline writes local files in place.
    """
    pipeline = str(zarr.config.get("codec_pipeline.path"))
    if pipeline.startswith("zarrs"):
        msg = f"the codec pipeline {pipeline} leaves torn chunks behind when it is killed: unset it"
        raise TargetError(msg)
    if isinstance(url, str) and "://" in url:
        parts = urlsplit(url)
        if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
            msg = f"`url` must be a local path or a file:// URL, not {url!r}"
            raise TargetError(msg)
        return Path(unquote(parts.path)).absolute()
    if not isinstance(url, (str, os.PathLike)) or not os.fspath(url):
        msg = f"`url` must be a local path or a file:// URL, not {url!r}"
        raise TargetError(msg)
    return Path(os.fsdecode(os.fspath(url))).expanduser().absolute()
