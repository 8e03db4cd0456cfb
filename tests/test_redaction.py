import logging

import pytest

from mvn_dask.redaction import RedactSecrets, extra_fields, redact, secret_texts


def test_every_text_is_redacted_the_longest_first() -> None:
    options = {"token": "abc", "inner": {"key": "abcdef", "bytes": b"xyz"}, "list": ["pq", ("rs", 5)], "empty": ""}
    assert redact("abcdef abc xyz pq rs 5", options) == "… … … … … 5"
    assert redact("abc", {}) == "abc"


PLAIN = [
    {"dashboard_address": "127.0.0.1:8799"},
    {"region": "eu-central-1", "endpoint": "https://s3.example.org"},
    {"aws_region": "eu-central-1", "AWS_ENDPOINT_URL": "https://s3.example.org"},
    {"queue": "short", "walltime": "02:00:00", "account": "physics"},
]
SECRET = [
    {"aws_access_key_id": "AKIA1234"},
    {"endpoint": "https://user:hunter2@s3.example.org"},
    {"endpoint": "https://s3.example.org/?signature=hunter2"},
    {"region": ["hunter2"]},
    {"inner": {"odd": "hunter2"}},
]


@pytest.mark.parametrize("options", PLAIN)
def test_what_is_no_secret_is_not_redacted(options: dict[str, object]) -> None:
    text = " ".join(map(str, options.values()))
    assert redact(text, options) == text
    record = logging.makeLogRecord({"msg": text})
    assert RedactSecrets(options).filter(record)
    assert record.getMessage() == text


@pytest.mark.parametrize("options", SECRET)
def test_what_may_be_a_secret_is_redacted(options: dict[str, object]) -> None:
    assert len(list(secret_texts(options))) == 1


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
