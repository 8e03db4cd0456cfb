import re

import pytest

from mvn_dask.errors import ArgumentError
from mvn_dask.job.parts import part_of

SLURM = {
    "SLURM_ARRAY_TASK_COUNT": "4",
    "SLURM_ARRAY_TASK_MIN": "1",
    "SLURM_ARRAY_TASK_MAX": "7",
    "SLURM_ARRAY_TASK_STEP": "2",
}
LSF = {"LSB_JOBINDEX_END": "8", "LSB_JOBINDEX_STEP": "1"}
SGE = {"SGE_TASK_FIRST": "3", "SGE_TASK_LAST": "9", "SGE_TASK_STEPSIZE": "3"}
AWS = {"AWS_BATCH_JOB_ARRAY_SIZE": "8"}


def test_parts_by_name() -> None:
    for text, part in [("0/1", (0, 1)), ("7/8", (7, 8)), ("007/08", (7, 8))]:
        assert part_of(text, {}) == part


def test_parts_that_there_are_not() -> None:
    for text in ["9/8", "8/8", "0/0", "1/0"]:
        with pytest.raises(ArgumentError, match=rf"^`part` must be i/n with 0 <= i < n: .* and not {text}$"):
            part_of(text, {})


NO_PARTS = [
    "",
    "3",
    "-1/8",
    "1/8/8",
    "a/b",
    "1/-8",
    "1.0/8",
    " 1/8",
    "Auto",
    "auto/",
    "auto/-1",
    "१/8",
    "9" * 99 + "/8",
]


def test_texts_that_are_no_part() -> None:
    for text in NO_PARTS:
        with pytest.raises(ArgumentError, match=r"^`part` must be i/n, auto or auto/n, such as 0/8, not "):
            part_of(text, {})


ENVIRONMENTS: list[tuple[dict[str, str], tuple[int, int]]] = [
    ({"SLURM_ARRAY_TASK_ID": "1", **SLURM}, (0, 4)),
    ({"SLURM_ARRAY_TASK_ID": "7", **SLURM}, (3, 4)),
    ({"LSB_JOBINDEX": "1", **LSF}, (0, 8)),
    ({"LSB_JOBINDEX": "8", **LSF}, (7, 8)),
    ({"LSB_JOBINDEX": "8", "LSB_JOBINDEX_END": "8"}, (7, 8)),
    ({"SGE_TASK_ID": "6", **SGE}, (1, 3)),
    ({"AWS_BATCH_JOB_ARRAY_INDEX": "0", **AWS}, (0, 8)),
    ({"AWS_BATCH_JOB_ARRAY_INDEX": "7", **AWS, "LSB_JOBINDEX": "0", "SGE_TASK_ID": "undefined"}, (7, 8)),
]


def test_parts_from_the_environment() -> None:
    for environ, part in ENVIRONMENTS:
        assert part_of("auto", environ) == part


def test_any_numbers_in_a_row_give_every_part_once() -> None:
    for first in [0, 1, 5]:
        for name in ["SLURM_ARRAY_TASK_ID", "PBS_ARRAY_INDEX", "PBS_ARRAYID", "JOB_COMPLETION_INDEX"]:
            parts = [part_of("auto/8", {name: str(number)}) for number in range(first, first + 8)]
            assert sorted(parts) == [(i, 8) for i in range(8)]


def test_schedulers_without_the_number_of_tasks() -> None:
    for name in ["PBS_ARRAY_INDEX", "PBS_ARRAYID", "JOB_COMPLETION_INDEX"]:
        with pytest.raises(ArgumentError, match="does not give the number of tasks: add it, as in auto/8"):
            part_of("auto", {name: "3"})


@pytest.mark.parametrize("text", ["auto", "auto/8"])
def test_outside_of_an_array(text: str) -> None:
    for environ in ({}, {"SLURM_ARRAY_TASK_ID": ""}, {"SGE_TASK_ID": "undefined"}, {"LSB_JOBINDEX": "0"}):
        with pytest.raises(ArgumentError, match=r"^this is no task of a job array, since none of SLURM.* is set: name"):
            part_of(text, environ)


def test_two_schedulers_at_once() -> None:
    environ = {"SLURM_ARRAY_TASK_ID": "1", **SLURM, "JOB_COMPLETION_INDEX": "3"}
    with pytest.raises(ArgumentError, match=r"^SLURM_ARRAY_TASK_ID and JOB_COMPLETION_INDEX are set, and only one"):
        part_of("auto", environ)


def test_some_tasks_of_an_array_that_are_run_again() -> None:
    again = {**SLURM, "SLURM_ARRAY_TASK_COUNT": "2", "SLURM_ARRAY_TASK_MIN": "3", "SLURM_ARRAY_TASK_STEP": "1"}
    with pytest.raises(ArgumentError, match=r"not evenly spaced, .* \(SLURM_ARRAY_TASK_ID is 7\): add the number"):
        part_of("auto", {**again, "SLURM_ARRAY_TASK_ID": "7"})
    assert part_of("auto/8", {**again, "SLURM_ARRAY_TASK_ID": "7"}) == (7, 8)


def test_numbers_that_contradict_each_other() -> None:
    for environ in [
        {"SLURM_ARRAY_TASK_ID": "2", **SLURM},
        {"SLURM_ARRAY_TASK_ID": "9", **SLURM},
        {"SLURM_ARRAY_TASK_ID": "1", **SLURM, "SLURM_ARRAY_TASK_STEP": "0"},
        {"LSB_JOBINDEX": "9", **LSF},
        {"AWS_BATCH_JOB_ARRAY_INDEX": "8", **AWS},
        {"AWS_BATCH_JOB_ARRAY_INDEX": "0", "AWS_BATCH_JOB_ARRAY_SIZE": "0"},
    ]:
        with pytest.raises(ArgumentError, match="evenly spaced"):
            part_of("auto", environ)


def test_variables_that_are_missing_or_no_numbers() -> None:
    for environ, name in [
        ({"SLURM_ARRAY_TASK_ID": "x", **SLURM}, "SLURM_ARRAY_TASK_ID"),
        ({"SLURM_ARRAY_TASK_ID": "-1", **SLURM}, "SLURM_ARRAY_TASK_ID"),
        ({"SLURM_ARRAY_TASK_ID": "1"}, "SLURM_ARRAY_TASK_MIN"),
        ({"SGE_TASK_ID": "1"}, "SGE_TASK_FIRST"),
        ({"AWS_BATCH_JOB_ARRAY_INDEX": "1"}, "AWS_BATCH_JOB_ARRAY_SIZE"),
    ]:
        with pytest.raises(
            ArgumentError, match=rf"^{re.escape(name)} must be an integer to determine the part, and it is "
        ):
            part_of("auto", environ)
