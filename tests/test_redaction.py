from mvn_dask.redaction import redact


def test_whatever_is_text_is_masked_the_longest_first() -> None:
    options = {"token": "abc", "inner": {"key": "abcdef", "bytes": b"xyz"}, "list": ["pq", ("rs", 5)], "empty": ""}
    assert redact("abcdef abc xyz pq rs 5", options) == "… … … … … 5"
    assert redact("abc", {}) == "abc"
