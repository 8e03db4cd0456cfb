"""The log of a job."""

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture
def job_log() -> Iterator[list[str]]:
    """Messages that this package logs during the test.

    Not by caplog, whose handler is at the root: a local cluster raises the level of the stream handlers there.
    """
    messages: list[str] = []

    class Recorder(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            messages.append(record.getMessage())

    logger, handler = logging.getLogger("mvn_dask"), Recorder()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield messages
    logger.setLevel(level)
    logger.removeHandler(handler)
