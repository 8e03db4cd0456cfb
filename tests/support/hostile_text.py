"""A name that would move the cursor, reorder its neighbours and forge a line, and what must not be seen of it."""

FORGED = "mvn-dask: error: FORGED"
HOSTILE = f"a\x1b[31m\x07\u202e\u2066\r\n{FORGED}\x85\u2028{FORGED}\x9b"


def assert_shown_in_lines(text: str, lines: int | None = None) -> None:
    """Everything in a text can be seen, and no line of it was begun by a name."""
    assert all(line.isprintable() or line.replace("\xa0", "").isprintable() for line in text.split("\n")), repr(text)
    shown = [line.removeprefix("mvn-dask: error: ").removeprefix("mvn-dask: warning: ") for line in text.split("\n")]
    assert not any(line.lstrip().startswith(("FORGED", FORGED)) for line in shown), text
    if lines is not None:
        assert len(shown) == lines, text
