"""Logging of our own cluster's worker processes. Input: records and warnings there; output: the same in the client.

Unlike `distributed.Client.forward_logging`, which does the same over the same kind of topic, records whose extra fields
cannot be serialized do not raise in the code that logs, and the workers' own handlers write nothing to standard error.
"""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

LOG_TOPIC = "mvn-dask-log"
"""Topic of distributed's events that carries the records."""


class LogForwarder(logging.Handler):
    """In a worker: sends records of at least WARNING to the clients that subscribe to `LOG_TOPIC`."""

    def __init__(self, worker: Any) -> None:
        super().__init__(logging.WARNING)
        self._worker = worker

    def emit(self, record: logging.LogRecord) -> None:
        fields = {"name": record.name, "levelno": record.levelno, "levelname": record.levelname}
        # Without a connection distributed would raise into the code that logs, or log again, and come back here.
        with suppress(Exception):
            self._worker.log_event(LOG_TOPIC, {**fields, "msg": record.getMessage()})


def forward_logs(worker: Any) -> None:
    """In a worker process: send whatever is logged or warned of from now on to the client, instead of to stderr."""
    for name in [None, *logging.root.manager.loggerDict]:
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [], True
    logging.getLogger().addHandler(LogForwarder(worker))
    logging.captureWarnings(True)


@contextmanager
def worker_logs(client: Any) -> Iterator[None]:
    """Inside the body, records of workers are handled in this process, and their warnings shown."""

    def handle(event: tuple[float, Any]) -> None:
        record = logging.makeLogRecord(event[1])
        if record.name == "py.warnings":
            # The message holds file and line already, as logging.captureWarnings formats it.
            warnings.showwarning(Warning(record.msg), Warning, "", 0)
        else:
            logging.getLogger(record.name).handle(record)

    client.subscribe_topic(LOG_TOPIC, handle)
    try:
        yield
    finally:
        with suppress(Exception):  # the connection may be lost
            client.unsubscribe_topic(LOG_TOPIC)
