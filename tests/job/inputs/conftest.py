"""The S3 endpoint of the store's tests."""

from tests.store.conftest import endpoint, prefix

__all__ = ["endpoint", "prefix"]
