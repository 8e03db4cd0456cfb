"""Man pages: that they are those that the help texts make, and that they are roff."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer

from docs.make_man_pages import FOLDER, pages, write
from mvn_dask.cli.application import app
from mvn_dask.cli.exit_codes import MEANINGS

MACROS = {".TH", ".nh", ".ad", ".SH", ".PP", ".TP", ".in", ".nf", ".fi"}
ESCAPE = re.compile(r"\\(e|-|&|\((aq|ga|ha|ti)|\[u[0-9A-F]{4,5}\]|f[BIR])")
NAMES = sorted(pages())


def test_the_files_are_those_that_the_help_texts_make() -> None:
    assert {path.name: path.read_text("ascii") for path in FOLDER.iterdir()} == pages(), "make man"


def test_a_page_for_every_command_and_none_of_others(tmp_path: Path) -> None:
    commands = [str(each.callback.__name__) for each in app.registered_commands if each.callback]
    assert [name.replace("_", "-") for name in NAMES] == sorted(
        ["mvn-dask.1", *(f"mvn-dask-{name}.1" for name in commands)]
    )
    write(tmp_path / "man")
    (tmp_path / "man" / "mvn-dask-gone.1").touch()
    write(tmp_path / "man")
    assert sorted(path.name for path in (tmp_path / "man").iterdir()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_structure(name: str) -> None:
    """Known macros, known escapes, a tag and a text after each .TP, fonts that end where they began."""
    text = pages()[name]
    assert text.isascii()
    lines = text.removesuffix("\n").split("\n")
    assert re.fullmatch(r'\.TH [A-Z\\-]+ 1 \d{4}-\d\d-\d\d "mvn_dask [^"]+" "User Commands"', lines[0])
    headings = [line[4:] for line in lines if line.startswith(".SH ")]
    assert headings[:3] == ["NAME", "SYNOPSIS", "DESCRIPTION"]
    assert headings[-1] == "SEE ALSO"
    assert {"OPTIONS", "EXIT STATUS"} <= set(headings)
    for number, line in enumerate(lines):
        assert line == line.rstrip()
        assert line
        assert not line.startswith("'")
        assert not line.startswith(".") or line.split()[0] in MACROS
        assert "\\" not in ESCAPE.sub("", line), line
        if line == ".TP":
            assert not lines[number + 1].startswith(".")
            assert not lines[number + 2].startswith(".")
    fonts = re.findall(r"\\f([BIR])", text)
    assert all(one != "R" and other == "R" for one, other in zip(fonts[::2], fonts[1::2], strict=True))


def test_every_option_and_every_exit_code_stands_in_each_page() -> None:
    group: Any = typer.main.get_command(app)
    for name, command in group.commands.items():
        page = pages()[f"mvn-dask-{name}.1"].replace(r"\-", "-")
        options = [option for param in command.params for option in param.opts if option.startswith("-")]
        assert [option for option in options if rf"\fB{option}\fR" not in page] == []
        codes = page.split(".SH EXIT STATUS")[1].split(".SH")[0]
        assert re.findall(r"\.TP\n\\fB(\d+)\\fR", codes) == [str(int(code)) for code in MEANINGS]


@pytest.mark.parametrize(("tool", "arguments"), [("mandoc", ("-T", "lint", "-W", "warning")),
                                                ("groff", ("-man", "-Tutf8", "-ww", "-z"))])  # fmt: skip
def test_tools_have_nothing_to_say(tool: str, arguments: tuple[str, ...]) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")
    done = subprocess.run([tool, *arguments, *FOLDER.iterdir()], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)
