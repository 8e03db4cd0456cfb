"""Placeholders."""

import pytest

from mvn_dask.errors import DamagedManifestError
from mvn_dask.store.storage.object import MemoryStorage
from mvn_dask.store.storage.placeholder import PLACEHOLDER_BYTES, is_placeholder, kept_manifest, new_placeholder


def test_each_is_equal_to_no_other() -> None:
    found = {new_placeholder() for _ in range(1000)}
    assert len(found) == 1000
    assert all(is_placeholder(each) and len(each) == PLACEHOLDER_BYTES for each in found)
    assert PLACEHOLDER_BYTES % 2, "no chunk of numbers of two bytes or more has this size"


@pytest.mark.parametrize("change", [bytes.upper, lambda text: text[1:], lambda text: text + b"\n", lambda _: bytes(55)])
def test_nothing_else_is_one(change: object) -> None:
    assert callable(change)
    assert not is_placeholder(change(new_placeholder()))


@pytest.mark.parametrize("before", [b"", b"{}", bytes(100)])
def test_what_stands_before_one(before: bytes) -> None:
    storage = MemoryStorage("placeholder")
    assert kept_manifest(before + new_placeholder(), storage, removing=True) == before
    assert kept_manifest(before, storage) == kept_manifest(before, storage, removing=True) == before
    with pytest.raises(DamagedManifestError, match="memory://placeholder is being overwritten by another job, or was"):
        kept_manifest(before + new_placeholder(), storage)
