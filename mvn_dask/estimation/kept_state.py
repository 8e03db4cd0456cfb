"""What a sequential estimate has computed so far, kept in a file, so that a longer run goes on from it.

Input: the nodes of whole leaves, and what they are of. Output: a JSON file at a URL. Cost: less than 100 kB for most
statistics.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from mvn_dask.errors import DamagedStateError, SpecMismatchError, StorageError
from mvn_dask.estimation.node_encoding import decoded, encoded
from mvn_dask.hashing import canonical_json
from mvn_dask.locations import parse_location
from mvn_dask.store.storage.addressing import open_storage
from mvn_dask.store.storage.base import Storage

STATE_FORMAT = "mvn_dask estimate"
"""What a file says that it is."""
STATE_VERSION = 1
"""Version of the format."""

Nodes = dict[tuple[int, int], Any]
"""By level and number in the tree."""


@dataclass(frozen=True)
class StateFile:
    """The file of a state."""

    storage: Storage
    """Storage of the folder that it lies in."""
    key: str
    """Its name there."""
    identity: Mapping[str, Any]
    """What the nodes are of, JSON-able."""

    def read(self) -> tuple[int, Nodes]:
        """Rows of the last round, and nodes of their whole leaves; none if there is no file.

        Raises SpecMismatchError if they are of something else; DamagedStateError if the file is not one.
        """
        if self.storage.entry(self.key) is None:
            return 0, {}
        where = f"{self.storage}/{self.key}"
        content = self.storage.read(self.key).tobytes()
        try:
            found = json.loads(content)
            body, digest = found["state"], found["sha256"]
        except (ValueError, KeyError, TypeError) as error:
            raise DamagedStateError(f"{where} is no state of an estimate: delete it, or name another") from error
        if sha256(canonical_json(body).encode()).hexdigest() != digest:
            raise DamagedStateError(f"{where} is damaged: its checksum differs. Delete it, and begin again")
        if not isinstance(body, dict) or (body.get("format"), body.get("version")) != (STATE_FORMAT, STATE_VERSION):
            raise DamagedStateError(f"{where} is of another version: delete it, or name another")
        if not isinstance(body.get("of"), dict):
            raise DamagedStateError(f"{where} holds what no estimate writes: delete it, or name another")
        if differing := sorted(
            name for name, value in self.identity.items()
            if canonical_json(body["of"].get(name)) != canonical_json(value)
        ):  # fmt: skip
            raise SpecMismatchError(
                f"{where} was begun with another {' and '.join(differing)}: name another `state`, or delete this one"
            )
        try:
            nodes = {(int(level), int(index)): decoded(node) for level, index, node in body["nodes"]}
            return int(body["rows"]), nodes
        except (ValueError, KeyError, TypeError) as error:
            raise DamagedStateError(f"{where} holds what no estimate writes: delete it, or name another") from error

    def write(self, rows: int, nodes: Nodes) -> None:
        """Replace what is there, atomically."""
        listed = [[level, index, encoded(node)] for (level, index), node in sorted(nodes.items())]
        body = {
            "format": STATE_FORMAT,
            "version": STATE_VERSION,
            "of": dict(self.identity),
            "rows": rows,
            "nodes": listed,
        }
        text = canonical_json({"state": body, "sha256": sha256(canonical_json(body).encode()).hexdigest()})
        self.storage.write(self.key, [text.encode()])


def state_file(url: Any, options: Mapping[str, Any] | None, identity: Mapping[str, Any]) -> StateFile:
    """The file at a path or URL. Raises StorageError for one that names none."""
    location = parse_location(url)
    if isinstance(location, Path):
        folder, key = location.absolute().parent, location.name
    else:
        head, _, key = location.rpartition("/")
        folder = head  # type: ignore[assignment]
    if not key or str(folder).endswith(("/", ":")):
        raise StorageError(f"`state` must name a file, such as runs/loss.json: it is {location}")
    return StateFile(open_storage(folder, options), key, identity)
