import numpy as np
import pytest

from mvn_dask.errors import ArgumentError
from mvn_dask.estimation.identity import identity_of
from mvn_dask.statistics import Mean, Probability
from tests.statistics.test_probability import positive


def test_functions_and_statistics_by_their_names() -> None:
    assert identity_of(Probability(positive, confidence_level=0.9)) == {
        "kind": "mvn_dask.statistics.probability.Probability",
        "event": "tests.statistics.test_probability.positive",
    }
    assert identity_of([1, (0.5, "a"), np.array([1.0])]) == [1, [0.5, "a"], [1.0]]
    assert identity_of(Mean()) == identity_of(Mean(confidence_level=0.5))


def test_functions_without_a_name_are_refused() -> None:
    with pytest.raises(ArgumentError, match=r"has none: write it as a function \(def\)"):
        identity_of(lambda x: x)
