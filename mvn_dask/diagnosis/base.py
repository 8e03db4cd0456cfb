"""What a diagnosis is made of. Input: a check; output: results, whatever the check meets."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from mvn_dask.diagnosis.import_faults import import_fault
from mvn_dask.escaping import printable

Grade = Literal["ok", "absent", "warning", "fault"]
"""How good a finding is; what is "absent" is wanted by nobody unless they ask for it."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    name: str
    """What was looked at."""
    grade: Grade
    """How good it is: only a "fault" keeps the package from its work."""
    value: str
    """What was found."""
    cure: str | None = None
    """What to do about it; None where it is as it should be."""

    def __str__(self) -> str:
        line = f"{self.grade:<7}  {f'{self.name} ':<16}{self.value}"
        return printable(line) if self.cure is None else f"{printable(line)}\n{'':<9}{printable(f'→ {self.cure}')}"


Check = Callable[[], Iterable[Finding]]


def results_of(name: str, check: Check) -> Iterator[Finding]:
    """What a check finds; where it cannot even look, that is a finding."""
    try:
        yield from check()
    except ImportError as error:
        reason, cure = import_fault(error)
        yield Finding(name, "fault", f"not looked at: {reason}", f"{cure or 'mend the libraries'}, and look again")
    except Exception as error:  # noqa: BLE001 whatever is broken here is what the diagnosis is for
        text = " ".join(f"{type(error).__name__}: {error}".split())
        yield Finding(name, "fault", text, f"see to it that this can be looked at: {name}")
