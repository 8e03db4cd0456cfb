"""What the workers of our own cluster log and warn of is said by the process that runs the job, in its manner."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

TOPIC = "mvn-dask-log"
"""Distributed's topic on which workers tell what they log."""


class Teller(logging.Handler):
    """In a worker: tells the client what is logged, instead of writing it to standard error.

    Parameters
    ----------
    worker : distributed.Worker
        Whose connection is used.
    """

    def __init__(self, worker: Any) -> None:
        super().__init__(logging.WARNING)
        self._worker = worker

    def emit(self, record: logging.LogRecord) -> None:
        told = {"name": record.name, "level": record.levelno, "message": record.getMessage()}
        # Where the connection is gone there is nobody to be told, and logging that would come back here.
        with suppress(Exception):
            self._worker.log_event(TOPIC, told)


def tell_client(worker: Any) -> None:
    """In a worker's own process: tell the client whatever is logged from now on."""
    for name in [None, *logging.root.manager.loggerDict]:
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [], True
    logging.getLogger().addHandler(Teller(worker))
    logging.captureWarnings(True)


@contextmanager
def heard(client: Any) -> Iterator[None]:
    """Inside the body, what workers tell is logged, or warned of, in this process."""

    def hear(event: tuple[float, Any]) -> None:
        told = event[1]
        if told["name"] == "py.warnings":
            # As warnings.warn would, but for the place, which the text tells.
            warnings.showwarning(Warning(told["message"]), Warning, "", 0)
        else:
            logger = logging.getLogger(told["name"])
            logger.handle(logger.makeRecord(told["name"], told["level"], "", 0, told["message"], (), None))

    client.subscribe_topic(TOPIC, hear)
    try:
        yield
    finally:
        with suppress(Exception):
            client.unsubscribe_topic(TOPIC)
