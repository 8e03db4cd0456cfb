from mvn_dask.display.previews import listed_places, names_arguments, preview


def test_listed_places() -> None:
    assert listed_places(10) == list(range(10))
    assert listed_places(11) == [*range(8), 9, 10]
    assert len(listed_places(10**9)) == 10


def test_previews_are_bounded() -> None:
    assert preview(["x"] * 8) == ", ".join("x" * 8)
    assert preview(["a", "b", "c", *"defghij"], "name") == "a, b, c, …, j (10 names)"
    (text,) = names_arguments(["n" * 1000] * 1000)
    assert len(text) < 250
    assert names_arguments(("oil",)) == ["names=('oil',)"]
    assert names_arguments(("a\n<", "b")) == ["names=('a\\n<', 'b')"]
