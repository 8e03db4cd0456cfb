"""Where, with what and from which files a store was begun: ``.mvn_dask/writer.json``.

For whoever compares numbers, or looks for a file that has changed since: it decides no number. Input: a note, or what
lies in a store, whatever it holds. Output: the file, or the note. Cost: one small file.
"""

import json
import re
from dataclasses import asdict, dataclass
from typing import Any, cast

from mvn_dask.environment import Environment
from mvn_dask.lineage import InputFile
from mvn_dask.store.format.file_writer import FileWriter
from mvn_dask.store.storage.base import INTERNAL_FOLDER, Storage

WRITER = f"{INTERNAL_FOLDER}/writer.json"
"""Key of the file."""
MAX_WRITER_BYTES = 2**16
"""Size of the file, at most."""
MAX_INPUTS = 64
"""Files that are named in it, at most."""
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class WriterNote:
    """What is noted of the beginning of a store."""

    environment: Environment | None
    """Where the numbers come from; None if that is lost."""
    inputs: tuple[InputFile, ...] = ()
    """Files that the parameters were read from, as far as that is known."""


def write_note(files: FileWriter, note: WriterNote) -> None:
    """Write the note, unless there is one, or its environment is lost."""
    if note.environment is not None:
        inputs = {"inputs": [asdict(each) for each in note.inputs[:MAX_INPUTS]]} if note.inputs else {}
        files.create(WRITER, json.dumps({**note.environment.as_dict(), **inputs}, sort_keys=True).encode())


def read_note(storage: Storage) -> WriterNote:
    """The note of a store, as far as it is there."""
    content = _content(storage)
    inputs = _inputs(content.pop("inputs", None))
    try:
        return WriterNote(Environment(**cast("dict[str, str]", content)), inputs)
    except TypeError:
        return WriterNote(None, inputs)


def _content(storage: Storage) -> dict[str, Any]:
    entry = storage.entry(WRITER)
    if entry is None or not entry.regular or entry.size > MAX_WRITER_BYTES:
        return {}
    try:
        content = json.loads(storage.read(WRITER).tobytes())
    except (ValueError, RecursionError, FileNotFoundError):
        return {}
    return content if isinstance(content, dict) else {}


def _inputs(recorded: object) -> tuple[InputFile, ...]:
    try:
        found = [InputFile(**each) for each in (recorded if isinstance(recorded, list) else [])[:MAX_INPUTS]]
    except TypeError:
        return ()
    return tuple(each for each in found if _is_input(each))


def _is_input(each: InputFile) -> bool:
    texts = (each.key, each.name, each.sha256)
    return all(isinstance(text, str) for text in texts) and _DIGEST.fullmatch(each.sha256) is not None
