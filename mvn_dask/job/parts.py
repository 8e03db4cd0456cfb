"""Part of a job that a process draws: ``i/n``, or from the environment variables of a scheduler's job array.

Where the number of tasks is unknown, ``auto/n`` states it. The part is then the task's number modulo n: any n
consecutive numbers give every part once, and a task that is run again gets the part that it had.

References
----------
https://slurm.schedmd.com/job_array.html,
https://docs.aws.amazon.com/batch/latest/userguide/job_env_vars.html,
https://kubernetes.io/docs/tasks/job/indexed-parallel-processing-static
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from mvn_dask.errors import ArgumentError
from mvn_dask.job.toml_format import preview

_PART = re.compile(r"(auto|\d{1,18})/(\d{1,18})", re.ASCII)


@dataclass(frozen=True)
class ArrayVariables:
    """Environment variables of a task in a scheduler's job array."""

    scheduler: str
    """Name of the scheduler."""
    number: str
    """Variable with the task's number."""
    count: str | None = None
    """Variable with the number of tasks."""
    first: str | int = 0
    """Variable with the first number, or that number."""
    last: str | None = None
    """Variable with the last number."""
    step: str | None = None
    """Variable with the distance between numbers; 1 where there is none."""


SCHEDULERS = (
    ArrayVariables("Slurm", *(f"SLURM_ARRAY_TASK_{name}" for name in ("ID", "COUNT", "MIN", "MAX", "STEP"))),
    ArrayVariables("PBS", "PBS_ARRAY_INDEX"),
    ArrayVariables("Torque", "PBS_ARRAYID"),
    ArrayVariables("LSF", "LSB_JOBINDEX", first=1, last="LSB_JOBINDEX_END", step="LSB_JOBINDEX_STEP"),
    ArrayVariables("SGE", "SGE_TASK_ID", first="SGE_TASK_FIRST", last="SGE_TASK_LAST", step="SGE_TASK_STEPSIZE"),
    ArrayVariables("AWS Batch", "AWS_BATCH_JOB_ARRAY_INDEX", count="AWS_BATCH_JOB_ARRAY_SIZE"),
    ArrayVariables("Kubernetes", "JOB_COMPLETION_INDEX"),
)
"""Known schedulers."""


def part_of(text: str, environ: Mapping[str, str]) -> tuple[int, int]:
    """Part i of n, 0 ≤ i < n: from ``i/n``, ``auto`` or ``auto/n``, and the environment of a job array.

    Raises ArgumentError if the text is none of these, or the environment does not determine the part.

    Examples
    --------
    >>> part_of("3/8", {})
    (3, 8)
    >>> part_of("auto", {"AWS_BATCH_JOB_ARRAY_INDEX": "3", "AWS_BATCH_JOB_ARRAY_SIZE": "8"})
    (3, 8)
    >>> part_of("auto/8", {"PBS_ARRAY_INDEX": "8"})
    (0, 8)
    """
    if text == "auto":
        return _part_of_array(_array(environ), environ)
    found = _PART.fullmatch(text)
    if found is None:
        raise ArgumentError(f"`part` must be i/n, auto or auto/n, such as 0/8, not {preview(text)}")
    count = int(found[2])
    if found[1] != "auto":
        if int(found[1]) < count:
            return int(found[1]), count
        raise ArgumentError(f"`part` must be i/n with 0 <= i < n: the first of 8 is 0/8, the last 7/8, and not {text}")
    if not count:
        raise ArgumentError(f"`part` must be auto/n with n of at least 1, not {preview(text)}")
    return _integer(_array(environ).number, environ) % count, count


def _array(environ: Mapping[str, str]) -> ArrayVariables:
    """The scheduler whose variables are set."""
    # Outside an array LSF sets 0, and SGE "undefined".
    outside = {"LSB_JOBINDEX": "0", "SGE_TASK_ID": "undefined"}
    found = [each for each in SCHEDULERS if environ.get(each.number, "") not in ("", outside.get(each.number, ""))]
    if len(found) == 1:
        return found[0]
    names = [each.number for each in found or SCHEDULERS]
    if found:
        text = f"{' and '.join(names)} are set, and only one scheduler can determine the part: name it, as in 0/8"
    else:
        text = f"this is no task of a job array, since none of {', '.join(names)} is set: name the part, as in 0/8"
    raise ArgumentError(text)


def _part_of_array(array: ArrayVariables, environ: Mapping[str, str]) -> tuple[int, int]:
    """The part, from the scheduler's variables alone."""
    first = array.first if isinstance(array.first, int) else _integer(array.first, environ)
    step = 1 if array.step is None else _integer(array.step, environ, 1)
    if array.count is not None:
        count = _integer(array.count, environ)
    elif array.last is not None:
        count = (_integer(array.last, environ) - first) // max(step, 1) + 1
    else:
        raise ArgumentError(f"{array.scheduler} does not give the number of tasks: add it, as in auto/8")
    number = _integer(array.number, environ)
    numbers = range(first, first + count * step, step) if step else range(0)
    if number not in numbers or (array.last and _integer(array.last, environ, numbers[-1]) != numbers[-1]):
        raise ArgumentError(
            f"the numbers of this job array are not evenly spaced, by the variables of {array.scheduler} "
            f"({array.number} is {number}): add the number of parts, as in auto/8"
        )
    return numbers.index(number), count


def _integer(name: str, environ: Mapping[str, str], default: int | None = None) -> int:
    text = environ.get(name, "" if default is None else str(default))
    if not re.fullmatch(r"\d{1,18}", text, re.ASCII):
        seen = preview(text) if text else "missing"
        raise ArgumentError(
            f"{name} must be an integer to determine the part, and it is {seen}: name the part, as in 0/8"
        )
    return int(text)
