from mvn_dask.store.format.differences import field_differences, flat_fields

STORED = {"a": 1, "b": {"c": [1, 2], "d": "x"}, "e": [{"f": 1}, {"f": 2}]}


def test_what_is_nested_becomes_fields() -> None:
    assert flat_fields(STORED) == {"a": 1, "b.c": [1, 2], "b.d": "x", "e[0].f": 1, "e[1].f": 2}
    assert flat_fields({}) == {}


def test_fields_that_differ_or_are_on_one_side() -> None:
    other = {"a": 1, "b": {"c": [1, 3]}, "e": [{"f": 1}], "g": None, "h": 0}
    assert field_differences(STORED, other) == {
        "b.c": "`b.c` is [1, 2] in the store, [1, 3] here",
        "b.d": "`b.d` is 'x' in the store, None here",
        "e[1].f": "`e[1].f` is 2 in the store, None here",
        "h": "`h` is None in the store, 0 here",
    }
    assert field_differences(STORED, other, ("b", "e")).keys() == {"h"}
    assert field_differences(STORED, STORED) == {}
