"""Work on ranges of numbers, without any array."""

import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mvn_dask.execution.engine import run
from mvn_dask.execution.progress import Progress
from mvn_dask.execution.ranges import BlockNumbers


@dataclass(frozen=True)
class Squares:
    """The square of every number; a file in the folder says which process made it."""

    folder: Path | None = None

    def __call__(self, numbers: BlockNumbers) -> Sequence[Any]:
        if self.folder is not None:
            (self.folder / f"{numbers[0]}-{os.getpid()}").touch()
        return [int(number) ** 2 for number in numbers]

    def remaining(self, numbers: BlockNumbers) -> BlockNumbers:
        return numbers

    def describe_cost(self) -> str:
        return "a number takes 8 bytes"


class Counted(Progress):
    done = 0

    def add(self, count: int) -> None:
        self.done += count


def squares(work: Any, count: int = 100, size: int = 7) -> list[int]:
    progress = Counted(count, "number", 8)
    results = sorted(run(work, np.arange(count, dtype=np.int64), size, progress))
    assert progress.done == count
    return results


@dataclass(frozen=True)
class Failing(Squares):
    """Fails at one number, so many times, after as many times when it does not."""

    error: type[BaseException] = ValueError
    times: int = 1
    after: int = 0

    def __call__(self, numbers: BlockNumbers) -> Sequence[Any]:
        assert self.folder is not None
        tries = len(list(self.folder.glob("tried-*")))
        if 50 in numbers:
            (self.folder / f"tried-{tries}").touch()
        if 50 in numbers and self.after <= tries < self.after + self.times:
            if self.error is SystemExit:
                os.kill(os.getpid(), signal.SIGKILL)
            raise self.error("number 50")
        return super().__call__(numbers)
