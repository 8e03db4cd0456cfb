import pytest
from hypothesis import given
from hypothesis import strategies as st

from mvn_dask.errors import ArgumentError
from mvn_dask.job.quantities import byte_count, integer


def test_integers() -> None:
    for written, meant in [
        (0, 0),
        (-3, -3),
        (1e9, 10**9),
        (2.5e3, 2500),
        (2.0**53, 2**53),
        ("1e9", 10**9),
        ("1_000_000", 10**6),
        ("1_000e3", 10**6),
        ("2.5e3", 2500),
        ("1e23", 10**23),
        ("100e-2", 1),
        (" 7 ", 7),
        ("+7", 7),
        ("-7", -7),
        ("7.0", 7),
        (str(2**200), 2**200),
    ]:
        assert integer(written) == meant
        assert type(integer(written)) is int


NO_INTEGERS: list[object] = [
    1.5,
    "1.5",
    True,
    False,
    None,
    [1],
    {},
    "",
    " ",
    "one",
    "1e",
    "e9",
    "1__0",
    "_1",
    "1_",
    "0x10",
    "1,000",
    "1 000",
    float("nan"),
    float("inf"),
    "nan",
    "inf",
    "1e-1",
    "१",
    b"1",
    1j,
]


def test_no_integers() -> None:
    for written in NO_INTEGERS:
        with pytest.raises(ArgumentError, match=r"^must be an integer, not "):
            integer(written)


def test_floats_that_may_stand_for_a_neighbour() -> None:
    with pytest.raises(ArgumentError, match=r'is not exact: write all digits, or "1e\+23" in quotes'):
        integer(1e23)


def test_integers_without_end_take_no_time() -> None:
    for written in ["1e1001", "1e9999", "-1e9999", "9" * 1001, 10**1000, "9" * 5000, "1e99999999999999"]:
        with pytest.raises(ArgumentError, match=r"^must be an integer"):
            integer(written)


def test_the_smallest_integer_that_is_allowed() -> None:
    assert integer("1", least=1) == 1
    with pytest.raises(ArgumentError, match=r"^must be an integer of at least 1, not 0$"):
        integer(0, least=1)
    with pytest.raises(ArgumentError, match=r'^must be an integer of at least 1, not "x"$'):
        integer("x", least=1)


@given(st.integers(-(10**30), 10**30))
def test_every_spelling_of_an_integer(number: int) -> None:
    assert integer(str(number)) == integer(f"{number:_}") == integer(f"{number}.0e0") == number


def test_bytes() -> None:
    for written, meant in [
        (1024, 1024),
        (1e9, 10**9),
        ("1024", 1024),
        ("1e9", 10**9),
        ("2 GiB", 2**31),
        ("2GiB", 2**31),
        ("2gib", 2**31),
        ("2 Gi", 2**31),
        ("512MB", 512 * 10**6),
        ("512 M", 512 * 10**6),
        ("1.5 KiB", 1536),
        ("1_000 kB", 10**6),
        ("1 B", 1),
        ("3 TiB", 3 * 2**40),
        ("1 PB", 10**15),
        ("1e3 MiB", 1000 * 2**20),
    ]:
        assert byte_count(written) == meant


def test_no_bytes() -> None:
    for written in [
        "",
        "GiB",
        "2 XiB",
        "2 EB",
        "-1 GB",
        "0 GB",
        "0.1 B",
        "1e999",
        "2 i",
        "1 GiB GiB",
        "1..5 GiB",
        True,
        None,
        [],
        1.5,
        "nan GB",
    ]:
        with pytest.raises(ArgumentError, match=r'^must be a size such as "2 GiB" or "512 MB", or bytes, not '):
            byte_count(written)


def test_bytes_that_cannot_be() -> None:
    for written in [0, -1, 2**63, "9e99 PB"]:
        with pytest.raises(ArgumentError, match=r"at least 1 and less than 2\*\*63, not "):
            byte_count(written)
