import pytest

from mvn_dask.job.overrides import merged, parse_override

OVERRIDES: list[tuple[str, tuple[str, ...], object]] = [
    ("sample.size=1e9", ("sample", "size"), 1e9),
    ("sample.size=1_000", ("sample", "size"), 1000),
    ("sample.size = [2, 3]", ("sample", "size"), [2, 3]),
    ("output.overwrite=true", ("output", "overwrite"), True),
    ("output.url=s3://b/x", ("output", "url"), "s3://b/x"),
    ('output.url="x y"', ("output", "url"), "x y"),
    ("output.url=a=b#c", ("output", "url"), "a=b#c"),
    ("output.url=2026-01-02", ("output", "url"), "2026-01-02"),
    ("output.url=07:30:00", ("output", "url"), "07:30:00"),
    ("output.url=", ("output", "url"), ""),
    ("output.url=1\nsample = 2", ("output", "url"), "1\nsample = 2"),
    ('distribution.cov={ path = "a.npz", key = "c" }', ("distribution", "cov"), {"path": "a.npz", "key": "c"}),
    ("cluster.options.'a.b'=1", ("cluster", "options", "a.b"), 1),
    ("a=" + "[" * 10_000, ("a",), "[" * 10_000),
]


def test_overrides() -> None:
    for text, key, value in OVERRIDES:
        override = parse_override(text)
        assert (override.key, override.value, override.text) == (key, value, text)


def test_no_overrides() -> None:
    for text in ["", "secret", "=secret", " =secret", "a b=secret", "a.=secret", "a#b=secret", "a\nb=secret"]:
        with pytest.raises(
            ValueError, match=r"^--set .*: must be a key and a value, such as sample.size=1e9$"
        ) as caught:
            parse_override(text)
        assert str(caught.value).endswith("such as sample.size=1e9")
        assert "secret" not in str(caught.value)


def test_merging_leaves_what_was_there() -> None:
    before = {"a": {"b": 1, "c": {"d": 2}}, "e": 3}
    after = merged(
        before, [parse_override("a.c.d=4"), parse_override("a.f.g=5"), parse_override("e=6"), parse_override("e=7")]
    )
    assert after == {"a": {"b": 1, "c": {"d": 4}, "f": {"g": 5}}, "e": 7}
    assert before == {"a": {"b": 1, "c": {"d": 2}}, "e": 3}


def test_nothing_can_be_set_inside_a_value() -> None:
    with pytest.raises(ValueError, match=r"^--set e.f.g=…: e is no table, so nothing in it can be set$"):
        merged({"e": 3}, [parse_override("e.f.g=1")])
