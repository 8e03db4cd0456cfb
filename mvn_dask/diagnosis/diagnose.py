"""All checks, one after the other. Output: a `Diagnosis`. Cost: importing all libraries, some seconds."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from importlib import import_module

from mvn_dask.diagnosis.base import Finding, results_of
from mvn_dask.readable import plural

CHECKS = {
    "libraries": ("python_and_package", "libraries", "extras"),
    "machine": ("cores", "memory", "open_files", "blas", "clock"),
    "folders": ("temporary_folder", "spool", "home", "working_folder", "shared_memory"),
    "compiled_code": ("compiled_code",),
    "network": ("loopback", "ports"),
}
"""Functions that give results, by the files that they stand in."""


@dataclass(frozen=True)
class Diagnosis:
    """What was found."""

    results: tuple[Finding, ...]
    """Each thing that was looked at."""

    @property
    def ok(self) -> bool:
        """Whether nothing keeps the package from its work."""
        return all(each.grade != "fault" for each in self.results)

    def __str__(self) -> str:
        faults = sum(each.grade == "fault" for each in self.results)
        warnings = sum(each.grade == "warning" for each in self.results)
        verdict = f"{plural(faults, 'fault')}, {plural(warnings, 'warning')}"
        return "\n".join([*map(str, self.results), f"{'ok' if self.ok else 'NOT ok'}: {verdict}"])

    def as_dict(self) -> dict[str, object]:
        """JSON-able form."""
        return {"ok": self.ok, "results": [asdict(each) for each in self.results]}


def diagnose() -> Diagnosis:
    """Look at everything; what cannot be looked at is a fault, and no error."""
    return Diagnosis(tuple(_results()))


def _results() -> Iterator[Finding]:
    for file, names in CHECKS.items():
        for name in names:
            yield from results_of(name.replace("_", " "), partial(_look, file, name))


def _look(file: str, name: str) -> Iterator[Finding]:
    # Imported here: a library that is missing must not keep the others from being looked at.
    found: Iterator[Finding] = getattr(import_module(f"mvn_dask.diagnosis.{file}"), name)()
    return found
