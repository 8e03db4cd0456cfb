import tracemalloc

import numpy as np
import pytest

from mvn_dask.covariance import Dense, Factored
from mvn_dask.covariance.frozen_array import frozen_array
from mvn_dask.errors import ArgumentError


def constant(numbers: np.ndarray) -> np.ndarray:
    numbers.setflags(write=False)
    return numbers


def test_what_nobody_can_write_to_is_kept() -> None:
    numbers = constant(np.ones((5, 3)))
    assert frozen_array("matrix", numbers, 2) is numbers
    assert Factored(numbers).matrix is numbers
    square = constant(np.eye(3))
    assert Dense(square).matrix is square
    # Part of it as well, and of the numbers of a file.
    assert frozen_array("matrix", numbers[1:3], 2).base is numbers


@pytest.mark.parametrize(
    "numbers",
    [
        np.ones((5, 3)),
        constant(np.ones((5, 3)).view()),
        constant(np.asfortranarray(np.ones((5, 3)))),
        constant(np.ones((5, 3), np.float32)),
        constant(np.array([[1.0, -0.0]])),
        np.broadcast_to(np.ones(3), (5, 3)),
    ],
)
def test_everything_else_is_copied(numbers: np.ndarray) -> None:
    found = frozen_array("matrix", numbers, 2)
    assert not np.shares_memory(found, numbers)
    assert (found.dtype.name, found.flags.writeable, found.flags.c_contiguous) == ("float64", False, True)
    np.testing.assert_array_equal(found, numbers)
    assert not (np.signbit(found) & (found == 0)).any()


def test_a_file_that_is_mapped_is_kept(tmp_path: object) -> None:
    np.save(f"{tmp_path}/a.npy", np.ones((5, 3)))
    numbers = np.load(f"{tmp_path}/a.npy", mmap_mode="r")
    assert np.shares_memory(frozen_array("matrix", numbers, 2), numbers)


def test_later_writes_change_nothing() -> None:
    numbers = np.ones((2, 2))
    covariance = Factored(numbers)
    numbers[0, 0] = 7.0
    assert covariance == Factored(np.ones((2, 2)))


def test_no_second_array_of_its_size() -> None:
    numbers = constant(np.ones((200_000, 20)))
    tracemalloc.start()
    frozen_array("matrix", numbers, 2)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < numbers.nbytes / 4


def test_the_place_of_what_is_not_finite() -> None:
    numbers = np.ones((3, 10**6))
    numbers[2, 5] = np.inf
    with pytest.raises(ArgumentError, match=r"matrix\[2, 5\] is inf"):
        frozen_array("matrix", numbers, 2)
