import json
from dataclasses import dataclass, fields, replace

import pytest

from mvn_dask.cli.formatting import STATES, as_json, plan_text, run_text, verification_json
from mvn_dask.job.planning import JobPlan
from mvn_dask.job.running import RunResult
from mvn_dask.maintenance.describe import table
from mvn_dask.maintenance.verify import Verification

PLAN = JobPlan(
    url="/x.zarr", state="new", fingerprint="ab", shape=(1000, 2), dtype="float64", rows=1000, normals=2, flops=6,
    factor_bytes=32, streams=1,     chunk_shape=(100, 2), chunks=10, missing=10, bytes=16040, process_bytes=2**27,
    thread_bytes=3200, memory_bytes=2**28, tasks=5, threads=2, cpu_seconds=90.0, seconds=45.0, write_seconds=None,
    needed_bytes=16040, free_bytes=2**30, part=None,
)  # fmt: skip
RUN = RunResult(
    url="/x.zarr", fingerprint="ab", shape=(1000, 2), part=None, chunks=10, drawn=10, missing=0, complete=True,
    seconds=1.5,
)  # fmt: skip


def test_a_table_is_aligned() -> None:
    assert table({"a": 1, "long key": "x"}) == "a         1\nlong key  x"


def test_a_plan() -> None:
    states = {
        "new": "nothing is there yet",
        "unfinished": "run goes on with it",
        "complete": "nothing to do",
        "changed": "others changed its metadata since: run restores and amends them",
        "another": "refuses it, or begins anew with output.overwrite",
    }
    assert states.keys() == STATES.keys()
    for state, message in states.items():
        text = plan_text(replace(PLAN, state=state))  # type: ignore[arg-type]
        drawn = ("2 normals and 6 flops of the factor", "10 of shape (100, 2); 10 to draw")
        numbers = (*drawn, "15.7 KiB (16040 bytes)", "45 s with 2 threads, 1 min 30 s")
        for line in (message, *numbers):
            assert line in text
    assert "10 of part 3/8 to draw" in plan_text(replace(PLAN, part=(3, 8)))
    assert "with" not in plan_text(replace(PLAN, threads=None, seconds=None)).splitlines()[-1]


def test_a_run() -> None:
    assert run_text(RUN) == "/x.zarr: complete; 10 of 10 chunks drawn in 1.5 s"
    assert run_text(replace(RUN, drawn=0)) == "/x.zarr: complete; nothing to draw"
    part = replace(RUN, part=(1, 4), drawn=3, missing=7, complete=False)
    assert run_text(part) == (
        "/x.zarr: part 1/4 is done; 3 of 10 chunks drawn in 1.5 s; 7 chunks of other parts are missing"
    )


@pytest.mark.parametrize("result", [PLAN, RUN])
def test_json_holds_every_field(result: JobPlan | RunResult) -> None:
    content = json.loads(json.dumps(as_json(result), allow_nan=False))
    assert content.keys() == {field.name for field in fields(result)}
    assert content["shape"] == [1000, 2]


def test_json_of_what_is_nested() -> None:
    @dataclass
    class Report:
        inner: dict[object, object]

    assert as_json(Report({1: (2, [(3,)])})) == {"inner": {"1": [2, [[3]]]}}


def test_json_of_a_verification() -> None:
    report = Verification(
        url="/x.zarr",
        level="size",
        chunks=3,
        rows_compared=20,
        rows=600,
        bad={(1, 0): "missing"},
        faults={"zarr.json": "missing"},
        unknown_files=("a",),
        members=("loss",),
        guarantee="",
    )
    content = json.loads(json.dumps(verification_json(report)))
    assert content == {
        "url": "/x.zarr", "level": "size", "chunks": 3, "rows_compared": 20, "rows": 600,
        "faults": {"zarr.json": "missing"}, "unknown_files": ["a"],
        "members": ["loss"], "guarantee": "",
        "bad": [{"chunk": [1, 0], "reason": "missing"}], "bad_count": 1, "ok": False,
    }  # fmt: skip
    assert content.keys() == {field.name for field in fields(report)} | {"ok", "bad_count"}
