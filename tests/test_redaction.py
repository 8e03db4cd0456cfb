import logging

import pytest

from mvn_dask.redaction import RedactSecrets, extra_fields, redact


def test_every_text_is_redacted_the_longest_first() -> None:
    options = {"token": "abc", "inner": {"key": "abcdef", "bytes": b"xyz"}, "list": ["pq", ("rs", 5)], "empty": ""}
    assert redact("abcdef abc xyz pq rs 5", options) == "… … … … … 5"
    assert redact("abc", {}) == "abc"


def test_records_are_redacted_whole(caplog: pytest.LogCaptureFixture) -> None:
    secrets = RedactSecrets({"token": "verysecret"})
    secrets.add("another", ["x"])
    caplog.handler.addFilter(secrets)
    logger = logging.getLogger("mvn_dask.test")
    try:
        raise ValueError("verysecret")
    except ValueError:
        logger.exception("%s, x and %s", "verysecret", b"another", extra={"path": "s3://verysecret", "count": 3})
    (record,) = caplog.records
    assert record.getMessage() == "…, x and b'…'"
    assert extra_fields(record) == {"path": "s3://…", "count": 3}
    assert "ValueError: …" in caplog.text
    assert "verysecret" not in caplog.text


def test_short_texts_are_no_secrets() -> None:
    record = logging.makeLogRecord({"msg": "abc and abcd"})
    assert RedactSecrets(["abc", "abcd"]).filter(record)
    assert record.getMessage() == "abc and …"
    assert extra_fields(record) == {}
