"""Man pages of the command: ``python docs/make_man_pages.py docs/man``, or ``make man``.

Input: the application with its help texts, and the changelog's newest release. Output: a page in roff, of ASCII alone,
for the command and for each of its subcommands. They are committed, so that a wheel is built without any import.
"""

import inspect
import re
import sys
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import typer

from docs.command_parameters import arguments_of, options_of
from mvn_dask.cli.application import app
from mvn_dask.cli.exit_codes import MEANINGS

PROGRAM = "mvn-dask"
FOLDER = Path(__file__).parent / "man"
"""Where the pages are kept."""
RELEASE = re.compile(r"^## (\S+) \((\d{4}-\d{2}-\d{2})\)$", re.MULTILINE)
ENVIRONMENT = {
    "NUMBA_CACHE_DIR": "Folder in which compiled code is kept, in place of that of the package or of the user.",
    "NUMBA_DISABLE_JIT": "If 1, nothing is compiled: numpy draws the same numbers, more slowly.",
    "DASK_MVN_DASK__SPOOL": "Folder or URL in which large arrays lie for the workers of a cluster.",
    "DASK_MVN_DASK__LEASE": "Seconds for which the lease of a job in a bucket is good, 600 unless set.",
    "NO_COLOR": "If set, nothing is coloured.",
    "TMPDIR": "Folder of temporary files.",
}
"""Variables of the environment, for the page of the command."""
EXAMPLES = (
    ("Write a job file, look at what it will do, and run it:", (
        f"{PROGRAM} init job.toml", f"{PROGRAM} plan job.toml", f"{PROGRAM} run job.toml")),
    ("Watch it, from another terminal:", (f"{PROGRAM} status job.toml --watch",)),
    ("Draw a sample without a job file:", (
        f"{PROGRAM} sample --mean 0,0 --cov '[[2,1],[1,2]]' --size 1e9 --seed 42 samples.zarr",
        f"{PROGRAM} sample --from-data returns.csv --size 1e6 --seed 42 samples.zarr")),
)  # fmt: skip
"""Calls, for the page of the command."""


def pages() -> dict[str, str]:
    """The pages, by the names of their files."""
    group: Any = typer.main.get_command(app)
    found = {f"{PROGRAM}.1": _main_page(group)}
    for name, command in group.commands.items():
        found[f"{PROGRAM}-{name}.1"] = _page(name, command)
    return found


def _main_page(group: Any) -> str:
    lines = [*_head(PROGRAM, group.help.split(":")[0]), ".SH SYNOPSIS"]
    lines += [_bold(PROGRAM), r"[\fIOPTIONS\fR]", r"\fICOMMAND\fR", r"[\fIARGUMENTS\fR]"]
    lines += [".SH DESCRIPTION", *_text(group.help), ".SH COMMANDS"]
    for name, command in group.commands.items():
        lines += [".TP", rf"\fB{_escaped(PROGRAM)}\-{_escaped(name)}\fR(1)", *_text(f"{_summary(command)}.")]
    lines += [".SH OPTIONS", *_options(group)]
    lines += _exit_status()
    lines.append(".SH ENVIRONMENT")
    for name, meaning in ENVIRONMENT.items():
        lines += [".TP", _bold(name), *_text(meaning)]
    lines.append(".SH EXAMPLES")
    for text, calls in EXAMPLES:
        lines += [*([".PP"] if lines[-1] != ".SH EXAMPLES" else []), *_text(text), ".PP", ".in +4n", ".nf"]
        lines += [*map(_escaped, calls), ".fi", ".in"]
    others = [rf"\fB{_escaped(PROGRAM)}\-{_escaped(name)}\fR(1)" for name in group.commands]
    return "\n".join([*lines, ".SH SEE ALSO", ",\n".join(others)]) + "\n"


def _page(name: str, command: Any) -> str:
    arguments = arguments_of(command)
    lines = [*_head(f"{PROGRAM}-{name}", _summary(command)), ".SH SYNOPSIS", _bold(f"{PROGRAM} {name}")]
    lines += [_italic(each.value) for each in arguments]
    lines += [r"[\fIOPTIONS\fR]", ".SH DESCRIPTION", *_paragraphs(inspect.cleandoc(command.help or ""))]
    if arguments:
        lines.append(".SH ARGUMENTS")
        for each in arguments:
            lines += [".TP", _italic(each.value), *_text(each.text)]
    lines += [".SH OPTIONS", *_options(command), *_exit_status()]
    return "\n".join([*lines, ".SH SEE ALSO", rf"\fB{_escaped(PROGRAM)}\fR(1)"]) + "\n"


def _head(name: str, summary: str) -> list[str]:
    version, date = RELEASE.findall((FOLDER.parents[1] / "CHANGELOG.md").read_text("utf-8"))[0]
    title = f'.TH {_escaped(name.upper())} 1 {date} "mvn_dask {version}" "User Commands"'
    # Left-aligned and without hyphens, since options and paths are looked for and copied.
    return [title, ".nh", ".ad l", ".SH NAME", rf"{_escaped(name)} \- {_escaped(summary)}"]


def _summary(command: Any) -> str:
    """The first sentence of a help text."""
    return " ".join(inspect.cleandoc(command.help or "").split("\n\n")[0].split()).split(". ")[0].rstrip(".")


def _options(command: Any) -> Iterator[str]:
    """Options, in their order; `--help` is everywhere."""
    for option in options_of(command):
        value = f" {_italic(option.value)}" if option.value else ""
        yield from (".TP", ", ".join(f"{_bold(name)}{value}" for name in option.names), *_text(option.text))
    yield from (".TP", f"{_bold('-h')}, {_bold('--help')}", "Show a help text, and exit.")


def _exit_status() -> Iterator[str]:
    yield ".SH EXIT STATUS"
    for code, meaning in MEANINGS.items():
        yield from (".TP", _bold(str(int(code))), *_text(f"{meaning[:1].upper()}{meaning[1:]}."))


def _paragraphs(text: str) -> Iterator[str]:
    for number, paragraph in enumerate(text.split("\n\n")):
        if number:
            yield ".PP"
        yield from _text(paragraph)


def _text(text: str) -> list[str]:
    """Lines of filled text; what stands between backticks is bold."""
    pieces = re.split(r"`([^`]+)`", " ".join(text.split()))
    marked = "".join(_bold(each) if number % 2 else _escaped(each) for number, each in enumerate(pieces))
    return [_protected(line) for line in _wrapped(marked)]


def _wrapped(text: str) -> Iterable[str]:
    return textwrap.wrap(text, 80, break_long_words=False, break_on_hyphens=False)


def _bold(text: str) -> str:
    return rf"\fB{_escaped(text)}\fR"


def _italic(text: str) -> str:
    """As what stands for a value."""
    return rf"\fI{_escaped(text)}\fR"


def _escaped(text: str) -> str:
    r"""Text as roff reads it: nothing but ASCII, minus signs that can be copied, no macro.

    Examples
    --------
    >>> print(_escaped("a-b\\c ≤ 'x'"), _escaped(".5"))
    a\-b\ec \[u2264] \(aqx\(aq \&.5
    """
    escapes = {"\\": r"\e", "-": r"\-", "'": r"\(aq", "`": r"\(ga", "^": r"\(ha", "~": r"\(ti"}
    marked = "".join(escapes.get(char, char if char.isascii() else f"\\[u{ord(char):04X}]") for char in text)
    return _protected(marked)


def _protected(line: str) -> str:
    """A line that does not begin with a control character."""
    return rf"\&{line}" if line.startswith((".", "'")) else line


def write(folder: Path) -> None:
    """Write all pages, and remove those of commands that are no more."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob(f"{PROGRAM}*.1"):
        old.unlink()
    for name, text in pages().items():
        (folder / name).write_text(text, "ascii")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
