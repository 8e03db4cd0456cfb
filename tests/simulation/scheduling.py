"""Jobs that take turns, one call on their storage at a time, on a clock that stands still while they work.

Each job is the real code of a call such as `to_zarr` in a thread of its own. It stops before each call on its storage,
and goes on when it is given control; so a list of decisions determines the whole history, and repeats it.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

Action = Literal["go", "switch", "suspend", "kill"]
"""What happens to a job before a step: it takes it; others run first; others run first, longer than its lease lasts; it
dies, and its `finally` clauses change nothing any more."""
Decide = Callable[["Job"], Action]


class Killed(BaseException):
    """The end of a process, for all that its storage sees of it."""


class DeadlockError(AssertionError):
    """Every job waits for another."""


@dataclass(eq=False)
class Job:
    """One call, in a thread."""

    name: str
    call: Callable[[], object]
    steps: int = 0
    """Steps taken so far."""
    dead: bool = False
    suspended: bool = False
    begun: bool = False
    """Whether it has written anything."""
    overslept: bool = False
    """Whether it was suspended after it had begun, and another job succeeded meanwhile."""
    ended: bool = False
    error: BaseException | None = None
    wakes: float = 0.0
    waits_for: Callable[[], bool] | None = None
    """What must be true before its next step."""
    log: list[str] = field(default_factory=list)
    turn: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    @property
    def succeeded(self) -> bool:
        return self.ended and not self.dead and self.error is None


class Simulation:
    """The jobs of one history, and their clock."""

    def __init__(self, lease_seconds: float) -> None:
        self.now = 1e9
        self.jobs: list[Job] = []
        self.lease_seconds = lease_seconds
        self.on_jump: list[Callable[[], None]] = []
        self._waiting: list[Job] = []
        self._decide: Decide = lambda _: "go"
        self._parked = threading.Semaphore(0)
        self._of_thread: dict[int, Job] = {}

    @property
    def job(self) -> Job | None:
        """The job in whose thread this is called; None outside of jobs, where steps are taken at once."""
        return self._of_thread.get(threading.get_ident())

    def step(self, label: str) -> None:
        """Wait for control, before a call on the storage. Raises Killed in a job that has died."""
        self.now += 1e-3
        job = self.job
        if job is None:
            return
        # Its turn is over where others come first, and where it waits.
        while not job.dead and (self._is_interrupted(job) or not self._is_ready(job)):
            self._park(job)
        if job.dead:
            raise Killed
        job.steps += 1
        job.log.append(label)

    def _is_interrupted(self, job: Job) -> bool:
        action = self._decide(job)
        job.dead |= action == "kill"
        if action in {"switch", "suspend"}:
            self._waiting.remove(job)
            self._waiting.append(job)
        if action == "suspend":
            job.suspended = True
            self._jump()
        return action in {"switch", "suspend"}

    def _is_ready(self, job: Job) -> bool:
        return job.wakes <= self.now and (job.waits_for is None or job.waits_for())

    def wait(self, condition: Callable[[], bool]) -> None:
        """Wait for control until something is true."""
        job = self.job
        if job is None:
            assert condition()
            return
        job.waits_for = condition
        self.step("waits")
        job.waits_for = None

    def sleep(self, seconds: float) -> None:
        """Wait for control until so much time has passed."""
        job = self.job
        if job is not None:
            job.wakes = self.now + seconds
            self.step("sleeps")

    def run(self, jobs: list[tuple[str, Callable[[], object]]], decide: Decide) -> None:
        """Run jobs to their ends; `decide` is asked before every step of a job."""
        self._waiting = waiting = [Job(name, call) for name, call in jobs]
        self._decide = decide
        self.jobs += waiting
        for job in waiting:
            threading.Thread(target=self._live, args=(job,), daemon=True).start()
            self._parked.acquire()
        while waiting:
            job = self._next(waiting)
            job.turn.release()
            self._parked.acquire()
            if job.ended:
                waiting.remove(job)
                if job.succeeded:
                    for other in waiting:
                        other.overslept |= other.suspended and other.begun

    def _next(self, waiting: list[Job]) -> Job:
        while True:
            awake = [job for job in waiting if not job.suspended]
            ready = [job for job in awake if self._is_ready(job)]
            if ready:
                return ready[0]
            sleeping = [job.wakes for job in awake if job.waits_for is None]
            suspended = [job for job in waiting if job.suspended]
            if sleeping:
                self.now = max(self.now, min(sleeping))
            elif suspended:
                suspended[0].suspended = False
            else:
                raise DeadlockError([(job.name, job.log[-3:]) for job in waiting])

    def _jump(self) -> None:
        self.now += 2 * self.lease_seconds
        for function in self.on_jump:
            function()

    def _park(self, job: Job) -> None:
        self._parked.release()
        job.turn.acquire()

    def _live(self, job: Job) -> None:
        self._of_thread[threading.get_ident()] = job
        try:
            self._park(job)
            if not job.dead:
                job.call()
        except BaseException as error:  # noqa: BLE001 judged when all have ended
            job.error = error
        finally:
            job.ended = True
            del self._of_thread[threading.get_ident()]
            self._parked.release()
