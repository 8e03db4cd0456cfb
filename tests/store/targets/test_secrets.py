from mvn_dask.store.targets.secrets import masked


def test_whatever_is_text_is_masked_the_longest_first() -> None:
    options = {"token": "abc", "inner": {"key": "abcdef", "bytes": b"xyz"}, "list": ["pq", ("rs", 5)], "empty": ""}
    assert masked("abcdef abc xyz pq rs 5", options) == "… … … … … 5"
    assert masked("abc", {}) == "abc"
