"""Where a store may lie: what `url` means, and what is refused because it is not atomic."""

import os
import re
from pathlib import Path
from urllib.parse import unquote

import zarr

from mvn_dask.errors import TargetError

_FILE_URL = re.compile(r"file://(localhost)?(?P<path>/.*)", re.DOTALL)


def local_folder(url: object) -> Path:
    """The folder behind a path or a ``file://`` URL, without links, and absolute, since workers have their own.

    Raises
    ------
    TargetError
        For anything else.
    """
    msg = f"`url` must be a local path or a file:// URL, not {url!r}"
    if isinstance(url, str) and ("://" in url or url.startswith("file:")):
        found = _FILE_URL.fullmatch(url)
        if found is None:
            raise TargetError(msg)
        return Path(unquote(found["path"])).resolve()
    if not isinstance(url, (str, os.PathLike)) or not os.fspath(url):
        raise TargetError(msg)
    return Path(os.fsdecode(os.fspath(url))).expanduser().resolve()


def refuse_torn_writes() -> None:
    """Refuse a codec pipeline that writes chunks in place.

    Raises
    ------
    TargetError
        If Zarr is configured to use one.
    """
    pipeline = str(zarr.config.get("codec_pipeline.path"))
    if pipeline.startswith("zarrs"):
        raise TargetError(f"the codec pipeline {pipeline} leaves torn chunks behind when it is killed: unset it")
