import logging
import time
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from distributed import Client

from mvn_dask.job.cluster_options import WORKER_PRELOAD
from mvn_dask.job.worker_logging import LogForwarder, worker_logs
from tests.support.clusters import local_cluster


def noise() -> None:
    warnings.warn("a warning\nof a task", UserWarning, stacklevel=1)
    logging.getLogger("distributed.worker").warning("memory is %s", "short")
    logging.getLogger("some.package").error("odd")
    logging.getLogger("some.package").info("by the way")


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20.0
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_records_and_warnings_of_workers_are_handled_by_the_client(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    logger = logging.getLogger("distributed")
    handlers, propagate = logger.handlers[:], logger.propagate
    logger.handlers, logger.propagate = [], True
    try:
        with (
            local_cluster(n_workers=1, preload=[WORKER_PRELOAD], silence_logs=logging.WARNING) as cluster,
            Client(cluster) as client,
            worker_logs(client),
            warnings.catch_warnings(record=True) as warned,
        ):
            warnings.simplefilter("always")
            client.submit(noise).result()
            wait_for(lambda: len(caplog.records) >= 2 and warned)
    finally:
        logger.handlers, logger.propagate = handlers, propagate
    assert {("distributed.worker", "memory is short"), ("some.package", "odd")} <= {
        (record.name, record.getMessage()) for record in caplog.records
    }
    assert any("a warning\nof a task" in str(each.message) for each in warned)
    assert capfd.readouterr() == ("", "")


def test_records_without_a_connection_are_dropped() -> None:
    class Closed:
        def log_event(self, *_: Any) -> None:
            raise OSError("closed")

    LogForwarder(Closed()).emit(logging.makeLogRecord({"msg": "x", "levelno": logging.ERROR}))
