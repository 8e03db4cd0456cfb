"""Log records as text and as JSON.

Input: a log record. Output: one line for each line of its message; of a debug record, its traceback.
"""

import json
import logging
from datetime import UTC, datetime

from mvn_dask.redaction import extra_fields


class TextFormatter(logging.Formatter):
    """``mvn-dask: error: message``, without a level for information."""

    def format(self, record: logging.LogRecord) -> str:
        if record.exc_text and record.levelno == logging.DEBUG:
            return record.exc_text
        level = _level(record)
        prefix = "mvn-dask: " if level == "info" else f"mvn-dask: {level}: "
        return "\n".join(prefix + line for line in _lines(record))


class JsonFormatter(logging.Formatter):
    """An object a line: ``time``, ``level``, ``message``, and the record's extra fields."""

    def format(self, record: logging.LogRecord) -> str:
        fields = extra_fields(record)
        if not is_own(record):
            fields["logger"] = record.name
        elif record.exc_text:
            fields["traceback"] = record.exc_text
        head = {"time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")}
        head["level"] = _level(record)
        return "\n".join(json.dumps({**head, "message": line, **fields}, default=str) for line in _lines(record))


FORMATTERS = {"text": TextFormatter, "json": JsonFormatter}
"""Formatters by the values of ``--log-format``."""


def is_own(record: logging.LogRecord) -> bool:
    """Whether a record comes from this package."""
    return record.name.partition(".")[0] == "mvn_dask"


def _level(record: logging.LogRecord) -> str:
    return logging.getLevelName(min(record.levelno, logging.ERROR)).lower()


def _lines(record: logging.LogRecord) -> list[str]:
    # Of our messages each line is an error of its own; libraries wrap long ones.
    message = record.getMessage()
    return (message.splitlines() or [""]) if is_own(record) else [" ".join(message.split())]
