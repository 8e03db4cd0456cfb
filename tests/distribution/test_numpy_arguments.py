import numpy as np
import pytest

from mvn_dask.covariance import Diagonal
from mvn_dask.distribution.numpy_arguments import numpy_arguments
from mvn_dask.errors import ArgumentError


def test_lengths_of_a_sample() -> None:
    assert numpy_arguments([0, 1], np.eye(2), (3, 4)) == (3, 4)
    assert numpy_arguments([0, 1], np.eye(2), 5) == (5,)
    assert numpy_arguments(0.0, Diagonal([1.0, 2.0]), None) == ()


@pytest.mark.parametrize(
    ("mean", "cov", "words"),
    [
        ([[0, 1]], np.eye(2), "mean must be 1 dimensional"),
        ([0, 1], [1.0, 2.0], "cov must be 2 dimensional and square"),
        ([0, 1], np.eye(3), "mean and cov must have same length"),
        ([0, 1], Diagonal([1.0]), "mean and cov must have same length"),
    ],
)
def test_what_numpy_refuses(mean: object, cov: object, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        numpy_arguments(mean, cov, None)
