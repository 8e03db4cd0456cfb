"""What a bucket or a folder holds, in memory: files with versions, and who changed them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import md5

from mvn_dask.store.storage.base import LEASES
from tests.simulation.scheduling import Job, Simulation


@dataclass(frozen=True)
class File:
    """One file or object."""

    content: bytes
    version: str
    """What changes with the content, and only then, where `Medium.digests` is set; else with every write."""
    modified: float


def always(_: object) -> bool:
    """No condition."""
    return True


@dataclass(eq=False)
class Medium:
    """Files under keys. Each method is one step of the job that calls it, and atomic."""

    simulation: Simulation
    digests: bool = False
    """Whether a version is a digest of the content, as on S3, and not a number of its own, as on GCS and Azure."""
    deletes: bool = True
    """Whether a version can be deleted, and not just whatever is there."""
    files: dict[str, File] = field(default_factory=dict)
    on_change: Callable[[str], object] = always
    _writes: int = 0
    _owners: dict[str, Job | None] = field(default_factory=dict)

    def get(self, key: str) -> File | None:
        self.simulation.step(f"get {key}")
        return self.files.get(key)

    def list(self, prefix: str) -> dict[str, File]:
        self.simulation.step(f"list {prefix}")
        below = f"{prefix}/" if prefix else ""
        return {key: file for key, file in self.files.items() if key.startswith(below)}

    def put(self, key: str, content: bytes, condition: Callable[[File | None], bool] = always) -> str | None:
        """Write where the condition holds of what lies there; the new version, or None."""
        self.simulation.step(f"put {key}")
        if not condition(self.files.get(key)):
            return None
        return self._set(key, content)

    def copy(self, source: str, target: str) -> bool:
        self.simulation.step(f"copy {source} to {target}")
        found = self.files.get(source)
        if found is None:
            return False
        self._set(target, found.content)
        return True

    def rename(self, source: str, target: str) -> None:
        self.simulation.step(f"rename {source} to {target}")
        found = self.files.pop(source)
        self._set(target, found.content)

    def delete(self, key: str, condition: Callable[[File], bool] = always) -> bool:
        """Delete where the condition holds; whether it did."""
        self.simulation.step(f"delete {key}")
        found = self.files.get(key)
        if found is None or not condition(found):
            return False
        del self.files[key]
        self.on_change(key)
        return True

    def renew_leases(self) -> None:
        """Make the leases of jobs that are awake look just written, as they would be."""
        for key, job in self._owners.items():
            if key in self.files and not (job is None or job.dead or job.suspended or job.ended):
                found = self.files[key]
                self.files[key] = File(found.content, found.version, self.simulation.now)

    def _set(self, key: str, content: bytes) -> str:
        self._writes += 1
        version = md5(content).hexdigest() if self.digests else str(self._writes)  # noqa: S324 as S3 does
        self.files[key] = File(content, version, self.simulation.now)
        job = self.simulation.job
        if key.startswith(f"{LEASES}/"):
            self._owners[key] = job
        if job is not None:
            job.begun = True
        self.on_change(key)
        return version
