import json
import logging
import sys
from datetime import datetime
from pathlib import Path

from mvn_dask.cli.log_formats import JsonFormatter, TextFormatter, is_own
from mvn_dask.redaction import RedactSecrets


def record(level: int, message: str, name: str = "mvn_dask.cli", **fields: object) -> logging.LogRecord:
    return logging.makeLogRecord({"name": name, "levelno": level, "msg": message, **fields})


def test_text() -> None:
    format = TextFormatter().format  # noqa: A001
    assert format(record(logging.INFO, "a", b=1)) == "mvn-dask: a"
    assert format(record(logging.WARNING, "a  b")) == "mvn-dask: warning: a  b"
    assert format(record(logging.ERROR, "a\nb")) == "mvn-dask: error: a\nmvn-dask: error: b"
    assert format(record(logging.CRITICAL, "")) == "mvn-dask: error: "
    assert format(record(logging.ERROR, "a\n  b", "distributed")) == "mvn-dask: error: a b"


def test_json() -> None:
    format = JsonFormatter().format  # noqa: A001
    line = json.loads(format(record(logging.INFO, "Größe", path=Path("/x"), number=1)))
    assert datetime.fromisoformat(line.pop("time")).utcoffset() is not None
    assert line == {"level": "info", "message": "Größe", "path": "/x", "number": 1}
    lines = [json.loads(each) for each in format(record(logging.ERROR, "a\nb", exit_code=2)).splitlines()]
    assert [(each["level"], each["message"], each["exit_code"]) for each in lines] == [
        ("error", "a", 2),
        ("error", "b", 2),
    ]
    assert json.loads(format(record(logging.WARNING, "a\nb", "other")))["logger"] == "other"


def test_tracebacks_of_debug_records_alone() -> None:
    try:
        raise ValueError("odd")
    except ValueError:
        exc_info = sys.exc_info()
    traced = [record(level, "raised", exc_info=exc_info) for level in (logging.DEBUG, logging.ERROR)]
    for each in traced:
        RedactSecrets().filter(each)
    text = TextFormatter().format(traced[0])
    assert text.startswith("Traceback (most recent call last):")
    assert text.endswith("ValueError: odd")
    assert TextFormatter().format(traced[1]) == "mvn-dask: error: raised"
    (line,) = JsonFormatter().format(traced[0]).splitlines()
    assert json.loads(line)["traceback"] == text


def test_records_of_the_package() -> None:
    assert is_own(record(logging.INFO, "", "mvn_dask.job.running"))
    assert not is_own(record(logging.INFO, "", "mvn_dask_other"))
