"""A statistic that is written in tests alone: the longest run of positive numbers, whose merge depends on the order."""

from dataclasses import dataclass

from mvn_dask.statistics.base import Rows, Statistic


@dataclass(frozen=True)
class LongestRun(Statistic[tuple[int, int, int, int], int]):
    """Of a column; a node has its rows, the runs at its start and end, and the longest one."""

    column: int = 0

    def leaf(self, rows: Rows, first: int) -> tuple[int, int, int, int]:
        runs = [len(run) for run in "".join("+-"[int(x <= 0)] for x in rows[:, self.column]).split("-")]
        return len(rows), runs[0], runs[-1], max(runs)

    def merge(self, left: tuple[int, int, int, int], right: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
        start = left[1] if left[1] < left[0] else left[0] + right[1]
        end = right[2] if right[2] < right[0] else right[0] + left[2]
        return left[0] + right[0], start, end, max(left[3], right[3], left[2] + right[1])

    def finalize(self, node: tuple[int, int, int, int]) -> int:
        return node[3]


def longest_run(rows: Rows, column: int = 0) -> int:
    """By brute force."""
    longest = run = 0
    for value in rows[:, column]:
        run = run + 1 if value > 0 else 0
        longest = max(longest, run)
    return longest
