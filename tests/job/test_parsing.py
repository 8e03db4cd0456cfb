import copy
import os
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mvn_dask.errors import JobFileError
from mvn_dask.escaping import printable
from mvn_dask.job.job import Job
from mvn_dask.job.keys import known_keys
from mvn_dask.job.parsing import MAX_DEPTH, merged, parse_override
from mvn_dask.job.toml_format import format_document
from mvn_dask.readable import short_repr
from tests.support.jobs import job

GOOD = """\
version = 1

[distribution]
mean = [0.0, 1.0]
cov = "cov.csv"

[sample]
size = 1e6
seed = 42

[output]
url = "samples.zarr"
"""

PIECES = [
    "version = 1\n", "version", " = ", "[sample]\n", "[sample", "[[output]]\n", "[cluster.options]\n", "size = ",
    "1e6\n", "[distribution]\nmean = ", "cov = ", "[[1, 2], [3", ", ", "]", "{ path = ", "}", '"a.csv"', '"', "'",
    "'''", "\n", "#", "\x00", "\u2028", "nan", "-9" * 9, "true", "1979-01-01\n", "class = 1\n",
    "tls.ca = 1\n", "\\", ".", "a.b",
]  # fmt: skip
"""What job files are made of."""


def written(folder: Path, text: str) -> Path:
    path = folder / "job.toml"
    path.write_text(text, encoding="utf-8")
    return path


def faults(path: Path, *overrides: str) -> list[str]:
    """The lines of the error, without the folder."""
    with pytest.raises(JobFileError) as caught:
        Job.from_toml(path, overrides)
    return [line.replace(f"{path}", "job.toml") for line in str(caught.value).splitlines()]


def test_a_job_file(tmp_path: Path) -> None:
    read = Job.from_toml(written(tmp_path, GOOD))
    assert read.sample.size == 10**6
    assert read.folder == tmp_path
    assert read.label == str(tmp_path / "job.toml")
    assert read.locate("cov.csv") == str(tmp_path / "cov.csv")


def test_a_job_file_in_a_home_folder_or_at_a_file_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    path = written(tmp_path, GOOD)
    for place in ("~/job.toml", Path("~/job.toml"), f"file:{path}", f"FILE://localhost{path}"):
        read = Job.from_toml(place)
        assert (read.folder, read.label) == (tmp_path, str(path))
    mapping = tomllib.loads(GOOD)
    for folder in ("~", Path("~"), f"file:{tmp_path}"):
        assert Job.from_mapping(mapping, folder=folder).locate("x") == str(tmp_path / "x")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("s3://bucket/job.toml", "must be a path of this machine, not the URL 's3://bucket/job.toml'"),
        ("https://user:verysecret@host/job.toml", "must be a path of this machine, not the URL 'https:…'"),
        ("s3:/job.toml", "must be a path, or a URL as s3://…, not 's3:/job.toml'"),
        ("~nosuchuser/job.toml", "must be a path, and '~nosuchuser' is the home of nobody here"),
        ("", "must be a path or a URL, neither empty nor with null characters, not ''"),
    ],
)
def test_a_job_file_elsewhere(path: str, text: str) -> None:
    with pytest.raises(JobFileError) as caught:
        Job.from_toml(path)
    assert str(caught.value).startswith(f"the job file {text}")
    with pytest.raises(JobFileError) as caught:
        Job.from_mapping(tomllib.loads(GOOD), folder=path)
    assert str(caught.value).startswith(f"the folder of the job {text}")


def test_a_misspelt_url_shows_no_credentials(tmp_path: Path) -> None:
    for url in ("s3:key:verysecret@bucket", "s3:/key:verysecret@bucket/x", "s3://key:verysecret@bucket"):
        (line,) = faults(written(tmp_path, GOOD), f"output.url={url}")
        assert line.startswith("--set output.url=…: must ")
        assert "verysecret" not in line


@pytest.mark.parametrize("encode", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_editors_of_other_systems(tmp_path: Path, encode: str, newline: str) -> None:
    path = tmp_path / "job.toml"
    path.write_bytes(GOOD.replace("\n", newline).encode(encode))
    assert Job.from_toml(path).sample.seed == 42


def test_overrides_take_the_place_of_what_the_file_says(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    read = Job.from_toml(path, ["sample.size=1e9", "cluster.kind=processes", "cluster.workers=3", "output.url=b.zarr"])
    assert (read.sample.size, read.cluster.kind, read.cluster.workers) == (10**9, "processes", 3)
    assert read.output.url == "b.zarr"


def test_every_fault_has_a_line_with_its_place(tmp_path: Path) -> None:
    text = GOOD.replace("1e6", "-3").replace("seed = 42", "sede = 42") + 'overwrite = "yes"\n\n[claster]\n'
    assert faults(written(tmp_path, text), "sample.dtype=f8", "output.fsink=true", "nonsense") == [
        "--set …: must be a key and a value, such as sample.size=1e9"
    ]
    assert faults(written(tmp_path, text), "sample.dtype=f8", "output.fsink=true") == [
        '--set sample.dtype=f8: must be "float64" or "float32", not "f8"',
        "--set output.fsink=…: unknown key; did you mean output.fsync?",
        "job.toml:7: sample.seed: is required",
        "job.toml:8: sample.size: must be an integer of at least 0, not -3",
        "job.toml:9: sample.sede: unknown key; did you mean sample.seed?",
        'job.toml:13: output.overwrite: must be true or false, not "yes"',
        "job.toml:15: claster: unknown key; did you mean cluster?",
    ]


def test_an_empty_file(tmp_path: Path) -> None:
    assert faults(written(tmp_path, "")) == [
        f"job.toml: {key}: is required" for key in ("version", "distribution", "sample", "output")
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("version = 1\nsize = = 2\n", "job.toml:2: is not TOML: "),
        ("version = 1\nversion = 2\n", "job.toml:2: is not TOML: "),
        ("version = ", "job.toml: is not TOML: "),
        ("a = 1\n\x00", "job.toml:2: is not TOML: "),
        ("a = " + "[" * 100_000, "job.toml: is not TOML: too deep"),
        (f"a = {'9' * 5000}\nb = = 2\n", "job.toml:2: is not TOML: "),
        (f"a = {'9' * 5000}\nb = " + "[" * 100_000, "job.toml: is not TOML: too deep"),
        ("[sample]\nsize = 1\n[sample]\n", "job.toml:3: is not TOML: "),
    ],
)
def test_what_is_no_toml(tmp_path: Path, text: str, line: str) -> None:
    (fault,) = faults(written(tmp_path, text))
    assert fault.startswith(line)


DIGITS = "9" * 5000
"""More than Python reads."""


@pytest.mark.parametrize(
    ("text", "places"),
    [
        (f"a = {DIGITS}", ["1: a"]),
        (f"[sample]\nsize = [2, 3]\nseed = -{DIGITS}", ["3: sample.seed"]),
        (f"[sample]\n# {DIGITS}\nseed = [\n  1,\n  {DIGITS},\n  +{DIGITS}]\n", ["5: sample.seed", "6: sample.seed"]),
        (f'[output]\nurl = "{DIGITS}"\nx = {DIGITS}.5\ny = 1e{DIGITS}\nshards = {DIGITS}', ["5: output.shards"]),
        (f"[sample]\nseed = {{ a = 1, b = 1_{DIGITS} }} # {DIGITS}", ["2: sample.seed"]),
        (f"a = [\n{'9' * 641},\n{DIGITS}]", ["3: a"]),
        ("".join(f"a{number} = {DIGITS}\n" for number in range(500)), [f"{n + 1}: a{n}" for n in range(500)]),
    ],
)
def test_integers_that_python_does_not_read(tmp_path: Path, text: str, places: list[str]) -> None:
    rule = "must be an integer of at most 640 digits"
    assert faults(written(tmp_path, text)) == [f"job.toml:{place}: {rule}" for place in places]


def test_the_limit_of_digits_is_one_wherever_an_integer_stands(tmp_path: Path) -> None:
    text = Path(written(tmp_path, GOOD)).read_text()
    for seed in ("9" * 641, '"' + "9" * 641 + '"', '"' + DIGITS + '"', '"1e640"', "0x" + "f" * 5000):
        changed = re.sub(r"seed = .*", f"seed = {seed}", text)
        (fault,) = faults(written(tmp_path, changed))
        assert re.fullmatch(r"job.toml:\d+: sample.seed: must be an integer of at most 640 digits", fault)
    for seed in ("9" * 640, '"1e639"'):
        assert Job.from_toml(written(tmp_path, re.sub(r"seed = .*", f"seed = {seed}", text))).sample.seed


@pytest.mark.parametrize("value", [10**5000, -(10**5000), [10**5000], [[10**5000]], {"a": 10**5000}], ids=short_repr)
def test_integers_of_any_size_for_every_key(value: object) -> None:
    for key in known_keys():
        mapping: dict[str, Any] = tomllib.loads(GOOD)
        table = mapping
        for step in key[:-1]:
            if not isinstance(table.get(step), dict):
                table[step] = {}
            table = table[step]
        table[key[-1]] = value
        with pytest.raises(JobFileError) as caught:
            Job.from_mapping(mapping)
        assert len(str(caught.value)) < 1000


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
@settings(max_examples=150, deadline=None)
def test_any_text_is_a_job_or_refused_line_by_line(text: str) -> None:
    with TemporaryDirectory() as folder:
        path = written(Path(folder), text)
        with pytest.raises(JobFileError) as caught:
            Job.from_toml(path, ["sample.size=-1"])
    for line in str(caught.value).splitlines():
        assert line.startswith((str(path), "--set sample.size=-1: "))


DEEP: dict[str, Callable[[int], str]] = {
    "lists": lambda n: f"a = {'[' * n}{']' * n}",
    "dotted keys": lambda n: f"{'a.' * n}b = 1",
    "a header": lambda n: f"[{'a.' * n}b]",
    "tables": lambda n: f"a = {'{a=' * n}1{'}' * n}",
    "options": lambda n: f"[cluster.options]\n{'a.' * n}b = 1",
    "tables of lists": lambda n: "[output.storage_options]\n" + "a = " + "[{a = " * n + "1" + "}]" * n,
}  # fmt: skip
"""TOML that is nested so deeply."""


@pytest.mark.parametrize("depth", [MAX_DEPTH, 200, 400, 900, 3000])
@pytest.mark.parametrize("kind", DEEP)
def test_a_file_that_is_nested_deeply(kind: str, depth: int, tmp_path: Path) -> None:
    (fault,) = faults(written(tmp_path, f"version = 1\n{DEEP[kind](depth)}\n"))
    assert re.search(r"^job\.toml: (is not TOML: )?too deep", fault)


def test_what_else_is_nested_deeply() -> None:
    mapping: dict[str, Any] = {}
    mapping["a"] = [mapping, mapping]
    with pytest.raises(JobFileError, match=r"^job: too deep: more than 64 tables and lists within one another"):
        Job.from_mapping(mapping)
    for override in (f"{'a.' * 3000}b=1", f"cluster.options.a={'[' * 300}{']' * 300}"):
        with pytest.raises(JobFileError, match="too deep") as caught:
            Job.from_mapping({"version": 1}, [override])
        assert len(str(caught.value)) < 200


WORDS = [
    "version",
    "distribution",
    "sample",
    "output",
    "cluster",
    "mean",
    "cov",
    "size",
    "seed",
    "url",
    "options",
    "kind",
]
VALUES_OF_TOML = st.recursive(
    st.booleans()
    | st.integers(-(10**25), 10**25)
    | st.floats()
    | st.text(max_size=6)
    | st.sampled_from([1, 0, "local", "threads", "1e9", "x.npy", "s3://b/x", "memory://x", "~nobody-here/x", "${X}"])
    | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=3), inner),
    max_leaves=6,
)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.data())
def test_a_forged_job_file_is_a_job_or_refused_line_by_line(data: st.DataObject) -> None:
    """A right job with a value changed, lost or one too many, at any depth, and bytes of the file changed."""
    content: dict[str, Any] = copy.deepcopy(FORGED)
    tables = [content, *(content[name] for name in content if isinstance(content[name], dict))]
    for _ in range(data.draw(st.integers(1, 3))):
        table = data.draw(st.sampled_from(tables))
        key = data.draw(st.sampled_from([*table, *WORDS]) | st.text(max_size=3))
        if data.draw(st.booleans()):
            table[key] = data.draw(VALUES_OF_TOML)
        else:
            table.pop(key, None)
    text = format_document(content).encode(errors="replace")
    if data.draw(st.integers(0, 3)) == 0:
        place = data.draw(st.integers(0, len(text)))
        text = text[:place] + data.draw(st.binary(max_size=3)) + text[place + data.draw(st.integers(0, 3)) :]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "job.toml"
        path.write_bytes(text)
        try:
            job = Job.from_toml(path)
        except JobFileError as error:
            lines = str(error).split("\n")
            assert all(line.startswith(str(path)) for line in lines)
            assert lines == [printable(line) for line in lines]
        else:
            (Path(folder) / "again.toml").write_text(job.to_toml())
            assert Job.from_toml(Path(folder) / "again.toml") == job


FORGED: dict[str, Any] = {
    "version": 1,
    "distribution": {"mean": [0.0, 1.0], "cov": [[2.0, 1.0], [1.0, 2.0]], "method": "eigh", "tol": 1e-9},
    "sample": {"size": [10, 3], "seed": [1, 2], "dtype": "float32", "chunks": "1 MiB"},
    "output": {"url": "x.zarr", "fsync": True, "shards": 5},
    "cluster": {"kind": "local", "workers": 2, "memory": "1 GiB", "options": {"silence_logs": False}},
}
"""A job of every kind of value."""


def test_what_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "job.toml"
    path.write_bytes(b"version = 1\n# \xff")
    assert faults(path) == ["job.toml: must be text in UTF-8, and byte 14 is not: save it as such"]


def test_files_that_are_not_there(tmp_path: Path) -> None:
    assert faults(tmp_path / "none.toml") == [
        "job.toml: there is no such file; `mvn-dask init job.toml` writes one to begin with"
    ]
    assert faults(tmp_path)[0].endswith("cannot be read: Is a directory")


def test_no_error_tells_a_secret(tmp_path: Path) -> None:
    for override in [
        "output.storage_options.token=verysecret",
        "output.storage_options=verysecret",
        'output.storage_optins={ a = "verysecret" }',
        "cluster.options.env.TOKEN=verysecret",
        "cluster.options=verysecret",
        "cluster.token=verysecret",
        "output.url.token=verysecret",
        "verysecret",
        "cluster.options.env=1979-01-01verysecret",
        "output.url=s3://user:verysecret@bucket/x",
        "output.url=s3://bucket/x?token=verysecret",
        "distribution.mean=s3://user:verysecret@bucket/x",
        "cluster.address=tcp://user:verysecret@host:80",
        "output=verysecret",
        "distribution.storage_options.key=verysecret",
    ]:
        assert all("verysecret" not in fault for fault in faults(written(tmp_path, GOOD), override, "sample.size=-1"))


def test_a_secret_in_the_file_is_in_no_error(tmp_path: Path) -> None:
    text = GOOD + 'token = "verysecret"\nstorage_options = [ "verysecret" ]\n[cluster.options]\nkey = 1979-01-01\n'
    found = faults(written(tmp_path, text), "sample.size=x")
    assert len(found) == 4
    assert "verysecret" not in "".join(found)


def test_a_mapping_has_no_lines() -> None:
    with pytest.raises(JobFileError, match=r"^--size: sample.size: must be an integer of at least 0, not -1$"):
        Job.from_mapping({**_tables(), "sample": {"size": -1, "seed": 1}}, label="--size")


def test_a_mapping_with_keys_that_are_no_text() -> None:
    with pytest.raises(JobFileError, match="job: "):
        Job.from_mapping({**_tables(), 1: 2})  # type: ignore[dict-item]


def test_a_relative_path_stays_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, GOOD)
    read = Job.from_toml("job.toml")
    assert (read.label, read.folder, read.locate("a.csv")) == ("job.toml", Path(), "a.csv")
    assert read.locate(os.fspath(tmp_path)) == str(tmp_path)


def _tables() -> dict[str, dict[str, object] | int]:
    return tomllib.loads(job().to_toml())


def test_a_mapping_with_overrides() -> None:
    one = Job.from_mapping(_tables(), ["sample.size=1e6"])
    assert one.sample.size == 10**6
    with pytest.raises(JobFileError, match=r"^--set sample.size=-1: must be an integer of at least 0, not -1$"):
        Job.from_mapping(_tables(), ["sample.size=-1"])


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


FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"sample": {"dtype": 8}}, 'sample.dtype: must be "float64" or "float32", not 8'),
    ({"output": {"overwrite": 1}}, "output.overwrite: must be true or false, not 1"),
    ({"output": {"url": 3}}, "output.url: must be text, not 3"),
    ({"output": {"url": ["a", "b"]}}, "output.url: must be text, not a list"),
    ({"distribution": {"tol": "x"}}, 'distribution.tol: must be a number, not "x"'),
    ({"cluster": {"adaptive": 3}}, "cluster.adaptive: must be a table, not 3"),
    ({"cluster": {"options": 3}}, "cluster.options: must be a table"),
    ({"cluster": {"kind": "local", "workers": True}}, "cluster.workers: must be an integer of at least 1, not true"),
    ({"distribution": {"mean": {"key": "a"}}}, "distribution.mean.path: is required"),
    ({"distribution": {"mean": {"path": "a", "xyz": 1}}}, "distribution.mean.xyz: unknown key; distribution.mean "),
    ({"cluster": {"kind": "local", "tls": 3}}, "cluster.tls: must be true, false, or a table of ca, cert and key"),
]


def test_faults_in_plain_words() -> None:
    for tables, text in FAULTS:
        with pytest.raises(JobFileError) as caught:
            job(**tables)
        assert str(caught.value).startswith(f"job.toml: {text}")
        assert "\n" not in str(caught.value)


def test_every_contradiction_is_a_line() -> None:
    with pytest.raises(JobFileError) as caught:
        job(cluster={"kind": "threads", "workers": 2, "address": "tcp://10.0.0.2:1"})
    assert str(caught.value).splitlines() == [
        'job.toml: cluster.address: means nothing with kind = "threads", which takes threads',
        'job.toml: cluster.workers: means nothing with kind = "threads", which takes threads',
    ]
