"""Files that a page holds, to be saved from it without a network: JSON and CSV.

Input: plain numbers and texts. Output: links with the file inside (data URLs, RFC 2397). Cost: a third more than the
file. A file has a bound, since browsers refuse to save longer URLs; what is left out is named.
"""

import base64
import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from mvn_dask.escaping import printable

MOST_FILE_BYTES = 10**6
"""Size of a file in a page, at most: Chromium saves URLs of up to 2 MiB."""
FILE_LETTERS = 60
"""Letters of a file's name, at most, without its end."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a text must not begin with, which a spreadsheet would take for a formula."""


class Download(NamedTuple):
    """A file in a page."""

    file: str
    """Its name."""
    href: str
    """The link."""
    nbytes: int
    """Its size."""
    left_out: str
    """What it should hold, and does not, for people; an empty text if it holds everything."""


def json_download(name: str, content: Mapping[str, Any]) -> Download:
    """A file of JSON. If it is too long, its longest fields are left out, and named in a field `omitted`."""
    fields = {key: json.dumps(value, allow_nan=False, ensure_ascii=False) for key, value in content.items()}
    omitted: list[str] = []
    while (size := sum(len(text.encode(errors="backslashreplace")) for text in fields.values())) > MOST_FILE_BYTES:
        longest = max(fields, key=lambda key: len(fields[key]))
        omitted.append(longest)
        del fields[longest]
    fields["omitted"] = json.dumps(omitted, ensure_ascii=False)
    text = f"{{{', '.join(f'{json.dumps(key, ensure_ascii=False)}: {value}' for key, value in fields.items())}}}"
    left_out = f"{', '.join(omitted)}, which would make it longer than {size_limit()}" if omitted and size else ""
    return _download(name, "json", "application/json", text, left_out)


def csv_download(name: str, lines: Sequence[str], what: str) -> Download:
    """A file of CSV, from its lines, the first of which is the header; if it is too long, it has the first lines."""
    kept, size = 0, 0
    for line in lines:
        size += len(line.encode(errors="backslashreplace"))
        if size > MOST_FILE_BYTES:
            break
        kept += 1
    left_out = "" if kept == len(lines) else f"all but the first {kept - 1:,} of {len(lines) - 1:,} {what}"
    return _download(name, "csv", "text/csv;charset=utf-8", "".join(lines[:kept]), left_out)


def csv_lines(rows: Iterable[Sequence[Any]]) -> list[str]:
    r"""Lines of CSV (RFC 4180). A text that a spreadsheet would take for a formula gets an apostrophe before it.

    Numbers have all their digits; None is an empty field, and line breaks and controls in texts are escaped.

    >>> csv_lines([["name", "mean"], ["=1+1", -0.5], ["a,b", None]])
    ['name,mean\r\n', "'=1+1,-0.5\r\n", '"a,b",\r\n']
    """
    lines = []
    for row in rows:
        file = io.StringIO(newline="")
        csv.writer(file).writerow([_field(each) for each in row])
        lines.append(file.getvalue())
    return lines


def _field(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = printable(value)
    # Also behind spaces, which spreadsheets skip.
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text


def size_limit() -> str:
    """The bound of a file, for people."""
    return f"{MOST_FILE_BYTES / 10**6:g} MB"


def _download(name: str, end: str, kind: str, text: str, left_out: str) -> Download:
    file = f"{file_stem(name)}-report.{end}"
    # The path of a store may hold bytes that are no text; JSON reads what is written for them as what they were.
    content = text.encode(errors="backslashreplace")
    return Download(file, f"data:{kind};base64,{base64.b64encode(content).decode()}", len(content), left_out)


def file_stem(name: str) -> str:
    """A name that files of any system may have.

    >>> file_stem("../my samples.zarr"), file_stem("سعر")
    ('my_samples', 'mvn_dask')
    """
    words = re.sub(r"[^A-Za-z0-9-]+", "_", name.removesuffix(".zarr")).strip("_-")
    return words[:FILE_LETTERS] or "mvn_dask"
