"""Two or three jobs in one store, killed, interleaved and suspended beyond their leases at every step.

What must hold is said in `histories`. Unmarked tests take a few steps of each job, those of the lane of faults more,
and `make test-slow` takes all, in some ten minutes.
"""

import random
from collections.abc import Iterator, Sequence
from functools import partial

import pytest

from mvn_dask.errors import StorageBusyError, StorageError, StoreError
from tests.simulation.histories import Call, Case, History, Plan, Spec, by_chance, by_plan, fresh, histories, is_lock
from tests.simulation.places import PLACES, new_history, real_code, run_history
from tests.simulation.scheduling import Action

S, T, LONGER = Spec(seed=1, rows=5), Spec(seed=2, rows=3), Spec(seed=1, rows=7)
WRITE, WRITE_OTHER = Call("write", S), Call("write", T)
OVERWRITE, OVERWRITE_OTHER, OVERWRITE_LONGER = Call("overwrite", S), Call("overwrite", T), Call("overwrite", LONGER)
EXTEND, REPAIR = Call("extend", LONGER, rows=2), Call("repair", S)
FIRST, SECOND = Call("write", S, (0, 2)), Call("write", S, (1, 2))
CHUNK, LAST_CHUNK, ROOT = ("samples/c/1/0",), ("samples/c/2/0",), ("zarr.json",)

CASES = {
    "write, overwrite": Case((WRITE, OVERWRITE_OTHER)),
    "write, write": Case((WRITE, WRITE)),
    "write, write another": Case((WRITE, WRITE_OTHER)),
    "part, part": Case((FIRST, SECOND)),
    "part, overwrite": Case((FIRST, OVERWRITE_OTHER), lost=ROOT),
    "resume, overwrite": Case((WRITE, OVERWRITE_OTHER), (WRITE,), (*CHUNK, *ROOT)),
    "overwrite, overwrite": Case((OVERWRITE_OTHER, OVERWRITE_LONGER), (WRITE,)),
    "overwrite, overwrite the same": Case((OVERWRITE_OTHER, OVERWRITE), (WRITE,)),
    "overwrite, resume": Case((OVERWRITE_OTHER, WRITE), (WRITE,), CHUNK),
    "overwrite, extend": Case((OVERWRITE_OTHER, EXTEND), (WRITE,)),
    "overwrite, repair": Case((OVERWRITE_OTHER, REPAIR), (WRITE,), CHUNK),
    "extend, overwrite": Case((EXTEND, OVERWRITE_OTHER), (WRITE,)),
    "extend, overwrite the same": Case((EXTEND, OVERWRITE), (WRITE,)),
    "extend, extend": Case((EXTEND, Call("extend", Spec(1, 8), rows=3)), (WRITE,)),
    "repair, overwrite": Case((REPAIR, OVERWRITE_OTHER), (WRITE,), LAST_CHUNK),
    "repair, repair": Case((REPAIR, REPAIR), (WRITE,), CHUNK),
}
SAFE = ["folder", "bucket", "digests", "undeletable"]


@pytest.fixture(autouse=True, scope="module")
def _simulated() -> Iterator[None]:
    with real_code():
        yield


def check(case: Case, kind: str, actions: Sequence[Action], stride: int = 1) -> int:
    """Run the histories of a case, and the number of them; none has a fault, nor has the job that comes afterwards."""
    count = 0
    run = partial(_run, case, kind)
    for plan, history in histories(run, len(case.calls), actions, stride=stride):
        assert not history.faults, describe(plan, history)
        if plan:
            history.recover(T)
            assert not history.faults, describe(plan, history)
        count += 1
    return count


def _run(case: Case, kind: str, plan: Plan) -> History:
    return run_history(case, kind, by_plan(plan))


def describe(plan: Plan, history: History) -> str:
    lines = [*history.faults, str(dict(plan))]
    for job in history.jobs:
        lines += [f"{job.name}: {job.steps} steps, {job.error!r}", *(f"    {label}" for label in job.log[-12:])]
    return "\n".join(lines)


@pytest.mark.parametrize("case", ["overwrite, overwrite the same", "extend, overwrite", "write, overwrite"])
@pytest.mark.parametrize("kind", ["folder", "bucket"])
def test_who_is_suspended_beyond_its_lease_destroys_nothing(kind: str, case: str) -> None:
    assert check(CASES[case], kind, ["suspend"], stride=11) > 6


@pytest.mark.parametrize(
    ("stride", "least"), [pytest.param(29, 6, marks=pytest.mark.faults), pytest.param(1, 100, marks=pytest.mark.slow)]
)
@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=pytest.mark.slow) if place % 2 else case for place, case in enumerate(CASES)]
)
@pytest.mark.parametrize(
    "kind", ["folder", "bucket", *(pytest.param(kind, marks=pytest.mark.slow) for kind in SAFE[2:])]
)
def test_histories_with_an_interruption(kind: str, case: str, stride: int, least: int) -> None:
    assert check(CASES[case], kind, ["suspend", "switch", "kill"], stride=stride) > least


@pytest.mark.parametrize(
    "count", [pytest.param(20, marks=pytest.mark.faults), pytest.param(3000, marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("kind", SAFE)
def test_random_histories_of_three_jobs(kind: str, count: int) -> None:
    generator = random.Random(kind)  # noqa: S311
    calls = sorted({call for case in CASES.values() for call in case.calls}, key=str)
    for seed in range(count):
        base = generator.choice([Case(()), Case((), (WRITE,)), Case((), (WRITE,), CHUNK), Case((), (WRITE,), ROOT)])
        case = base._replace(calls=tuple(generator.choices(calls, k=3)))
        decide = by_chance(random.Random(seed), generator.choice([0.02, 0.1, 0.3]))  # noqa: S311
        history = run_history(case, kind, decide)
        assert not history.faults, f"{seed}: {case}\n{describe({}, history)}"
        history.recover(T)
        assert not history.faults, f"{seed}: {case}\n{describe({}, history)}"


LOSSES = {
    "amid overwriting": ("overwrite, overwrite", "overslept, and changed samples/c/0/0 of a finished store"),
    "amid an extension": ("extend, overwrite", "overslept, and changed .mvn_dask/manifest.json of a finished store"),
    "amid a chunk": ("write, overwrite", "left ['samples/c/0/0'] wrong for"),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_the_losses_of_a_bucket_without_fences_are_found(loss: str) -> None:
    case, fault = LOSSES[loss]
    run = partial(_run, CASES[case], "unfenced")
    faults = (found for _, history in histories(run, 2, ["suspend"]) for found in history.faults)
    assert any(fault in found for found in faults)


def test_a_bucket_without_conditional_put_is_refused() -> None:
    for call in (WRITE, OVERWRITE_OTHER, EXTEND, REPAIR):
        history = new_history("careless", [S, T])
        for key, content in {} if call == WRITE else fresh(S).items():
            history.medium.put(key, content)
        before = {key: file.content for key, file in history.medium.files.items()}
        with pytest.raises(StorageError, match=r"memory://simulation does not know the conditional put"):
            call.run()
        assert {key: file.content for key, file in history.medium.files.items()} == before


def test_whoever_is_overtaken_says_so() -> None:
    found: dict[str, set[type[BaseException]]] = {}
    for name in ("overwrite, overwrite", "extend, overwrite", "write, overwrite"):
        for _, history in histories(partial(_run, CASES[name], "bucket"), 1, ["suspend"], stride=7):
            job = history.jobs[0]
            if job.overslept and job.error is not None:
                assert isinstance(job.error, StoreError)
                assert (
                    "another job has taken" in str(job.error)
                    or "was overwritten" in str(job.error)
                    or ("another specification" in str(job.error))
                )
                found.setdefault(name, set()).add(type(job.error))
    assert all(StorageBusyError in found[name] for name in ("overwrite, overwrite", "extend, overwrite"))
    assert StoreError in found["write, overwrite"]


def test_the_same_decisions_make_the_same_history() -> None:
    logs = []
    for _ in range(2):
        history = run_history(CASES["extend, overwrite"], "bucket", by_chance(random.Random(3), 0.2))  # noqa: S311
        logs.append([[label.split("/")[0] for label in job.log] for job in history.jobs])
    assert logs[0] == logs[1]


def test_places_hold_the_same_store() -> None:
    for kind in PLACES:
        if kind != "careless":
            history = run_history(Case((WRITE,)), kind, by_plan({}))
            left = {key: file.content for key, file in history.medium.files.items() if not is_lock(key)}
            assert left == fresh(S)
