import tomllib

import pytest

from mvn_dask.job.job import Job
from mvn_dask.job.keys import KeyLocations, Override, is_secret, key_lines, known_keys, parse_key, suggestion


def test_every_key_is_known_and_described() -> None:
    known = known_keys()
    assert next(iter(known)) == ("version",)
    assert {key[0] for key in known} == {field.alias or name for name, field in Job.model_fields.items()}
    for key in [
        ("sample", "seed"),
        ("distribution", "mean", "path"),
        ("distribution", "cov", "key"),
        ("distribution", "cov", "kind"),
        ("distribution", "cov", "matrix", "path"),
        ("distribution", "cov", "function", "nu"),
        ("cluster", "class"),
        ("cluster", "tls", "ca"),
        ("cluster", "adaptive", "maximum"),
        ("estimate", "statistic"),
    ]:
        assert key in known
    assert all(field.description for field in known.values())


def test_what_somebody_may_have_meant() -> None:
    for key, text in [
        ("sample.sede", "did you mean sample.seed?"),
        ("sampel", "did you mean sample?"),
        ("sample.method", "did you mean distribution.method?"),
        ("seed", "did you mean sample.seed?"),
        ("distribution.mean.pth", "did you mean distribution.mean.path?"),
        ("cluster.wokers", "did you mean cluster.workers?"),
        ("distribution.cov.kin", "did you mean distribution.cov.kind?"),
        ("distribution.cov.members.0.band", "did you mean distribution.cov.members.0.bands?"),
        ("cluster.class_", "did you mean cluster.class?"),
        ("output.zzz", "output takes url, shards, overwrite, fsync, storage_options"),
        ("zzz", "a job takes version, distribution, sample, output, cluster, estimate"),
        ("estimate.2.colum", "did you mean estimate.2.column?"),
        ("zzz.zzz", ""),
    ]:
        assert suggestion(tuple(key.split("."))) == text


def test_values_that_may_be_secret() -> None:
    assert is_secret(("output", "storage_options"))
    assert is_secret(("cluster", "options", "env", "TOKEN"))
    assert is_secret(("output", "storage_option", "token")), "nobody knows it"
    assert not is_secret(("sample", "size"))
    assert not is_secret(("distribution", "cov", "members", "0", "covariance", "bands", "path"))
    assert is_secret(("distribution", "cov", "members", "0", "token"))
    assert not is_secret(("estimate", "0", "combination", "oil"))
    assert is_secret(("estimate", "0", "token"))


TEXT = """\
version = 1   # first

[distribution]   # comment
mean = 0.0
 cov = [
    [1, 2],
]
[ "sample" ]
"size" = 3
'seed'=4
dtype . name = 1
[cluster.options]
a = "x = y"
[cluster]
kind = "local"
[[strange]]
x = 1
[[strange]]
y = [
  1]
[strange.inner]
[[strange.more.list]]
x = 1
[[strange.more.list]]
[[strange]]
x = 1
"""


def test_lines_of_keys() -> None:
    assert key_lines(TEXT) == {
        ("version",): 1,
        ("distribution",): 3,
        ("distribution", "mean"): 4,
        ("distribution", "cov"): 5,
        ("sample",): 8,
        ("sample", "size"): 9,
        ("sample", "seed"): 10,
        ("sample", "dtype", "name"): 11,
        ("cluster", "options"): 12,
        ("cluster", "options", "a"): 13,
        ("cluster",): 14,
        ("cluster", "kind"): 15,
        ("strange",): 16,
        ("strange", "0"): 16,
        ("strange", "0", "x"): 17,
        ("strange", "1"): 18,
        ("strange", "1", "y"): 19,
        ("strange", "1", "inner"): 21,
        ("strange", "1", "more", "list"): 22,
        ("strange", "1", "more", "list", "0"): 22,
        ("strange", "1", "more", "list", "0", "x"): 23,
        ("strange", "1", "more", "list", "1"): 24,
        ("strange", "2"): 25,
        ("strange", "2", "x"): 26,
    }


def test_texts_that_are_no_toml_have_no_lines() -> None:
    for text in ["", "\x00", "= 1", "[", "[]", "[a", "a b = 1", "'''", '"\\x" = 1', "[[[[[", "é = 1"]:
        assert key_lines(text) == {}


def test_only_newlines_end_lines() -> None:
    assert key_lines("a = 'x\u2028\x0c'\r\nb = 1") == {("a",): 1, ("b",): 2}


def test_where_a_key_stands() -> None:
    size = Override(("sample", "size"), -3, "sample.size=-3")
    secret = Override(("output", "storage_options", "token"), "abc", "output.storage_options.token=abc")
    places = KeyLocations("job.toml", key_lines(TEXT), [size, secret])
    assert places.find(("sample", "seed")) == (10, "job.toml:10: sample.seed")
    assert places.find(("sample", "nothing")) == (8, "job.toml:8: sample.nothing")
    assert places.find(("output",)) == (0, "--set output.storage_options.token=…: output")
    assert places.find(("nothing",)) == (0, "job.toml: nothing")
    assert places.find(()) == (0, "job.toml")
    assert places.find(("sample", "size")) == (0, "--set sample.size=-3")
    assert places.find(("sample",)) == (8, "job.toml:8: sample")
    assert places.find(("output", "storage_options", "token")) == (0, "--set output.storage_options.token=…")


def test_dotted_keys() -> None:
    assert parse_key("a.b") == ("a", "b")
    assert parse_key("a.\"b.c\".'d'") == ("a", "b.c", "d")
    for text in ("", "a b", "a.", ".a"):
        with pytest.raises(tomllib.TOMLDecodeError):
            parse_key(text)
