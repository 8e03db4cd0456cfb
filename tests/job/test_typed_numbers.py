from pathlib import Path
from typing import Any

import pytest

from mvn_dask.errors import ArgumentError
from mvn_dask.job.typed_numbers import numbers_or_file

NUMBERS: list[tuple[str, Any]] = [
    ("0", 0),
    ("1.", 1.0),
    (".5", 0.5),
    ("-.5e-3", -0.0005),
    ("1.e3", 1000.0),
    ("0.1, 0.2", [0.1, 0.2]),
    ("1.,.5,-2", [1.0, 0.5, -2]),
    ("[2., 1.]", [2.0, 1.0]),
    ("[[2., 1.], [1., .5]]", [[2.0, 1.0], [1.0, 0.5]]),
    ("[[.5,1.],\n [1.,.5]]", [[0.5, 1.0], [1.0, 0.5]]),
    ("[[[1.]]]", [[[1.0]]]),
    ("1_000,1e3", [1000, 1000.0]),
    ("inf", float("inf")),
    ("true", True),
    ('{path = "a.npz", key = "cov"}', {"path": "a.npz", "key": "cov"}),
    ("s3://bucket/x.zarr", "s3://bucket/x.zarr"),
]


@pytest.mark.parametrize(("text", "value"), NUMBERS)
def test_numbers_at_any_depth(text: str, value: object) -> None:
    assert numbers_or_file("--cov", text) == value


NEITHER = [
    "", " ", "2,1;1,2", "0,0,", ",", "1..2", "1.2.3", "[[1, 2], [2, 1]", "missing.npy", "2026-01-01", "0\nfoo = 1",
    "0,0\nmean = 1", "1]\nx = [2", "[" * 3000, "[" * 3000 + "]" * 3000, "x" * 5000,
]  # fmt: skip


@pytest.mark.parametrize("text", NEITHER)
def test_neither_numbers_nor_a_file(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ArgumentError) as caught:
        numbers_or_file("--mean", text)
    message = str(caught.value)
    assert message.startswith("--mean must be ")
    assert message.endswith("is neither") or "control characters" in message
    assert len(message) < 200


def test_too_many_digits() -> None:
    for text in ("9" * 5000, f"[[{'9' * 5000}, 0], [0, 1]]", f"0,{'9' * 641}"):
        with pytest.raises(ArgumentError, match=r"^--cov must be an integer of at most 640 digits$"):
            numbers_or_file("--cov", text)
    assert numbers_or_file("--cov", f"0.{'3' * 5000}") == pytest.approx(1 / 3)


def test_a_file_may_be_named_like_something_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("2026-01-01", "2,1;1,2", "cov.csv", "\udcff.npy"):
        (tmp_path / name).touch()
        assert numbers_or_file("--cov", name) == name
    assert numbers_or_file("--cov", '"cov.csv"') == "cov.csv"
    for text, message in (("s3:/x", "--cov must be a path, or a URL as s3://"), ("${NOT_SET}", "--cov needs the")):
        with pytest.raises(ArgumentError, match=message):
            numbers_or_file("--cov", text)
