"""What tables ask for."""

from pathlib import Path
from typing import Any, get_args

import dask.array as da
import numpy as np
import pytest

import mvn_dask
from mvn_dask import statistics
from mvn_dask.errors import JobFileError
from mvn_dask.estimation.joint_estimates import Question
from mvn_dask.job.inputs.own_functions import modules_in
from mvn_dask.job.job import Job
from mvn_dask.job.questions import CLASSES, questions_of
from mvn_dask.job.schema.estimate_table import ARGUMENTS, StatisticName
from tests.support.jobs import mapping

MODULE = "def total(rows):\n    return rows.sum(axis=1)\n\ndef twice(rows):\n    return 2.0 * rows\n"


def asked(folder: Path, *tables: dict[str, Any], names: tuple[str, ...] = ("oil", "gas")) -> list[Question]:
    job = Job.from_mapping({**mapping(), "estimate": list(tables)}, folder=folder, label="job.toml")
    x = mvn_dask.MultivariateNormal([0.0, 1.0], [4.0, 9.0], names=names).sample(100, seed=1)
    with modules_in(folder):
        return questions_of(job, x, x[:16].compute())


def test_every_statistic_is_a_class_with_these_arguments() -> None:
    assert CLASSES.keys() == set(get_args(StatisticName))
    given: dict[str, Any] = {"q": 0.5, "level": [0.9, 0.99], "event": np.isnan, "bins": 3, "k": 1}
    for name, kind in CLASSES.items():
        statistic = getattr(statistics, kind)(**{key: given[key] for key in ARGUMENTS[name]})
        assert type(statistic).__name__ == kind


def test_tables_of_one_function_share_its_array(tmp_path: Path) -> None:
    (tmp_path / "mvn_own_sums.py").write_text(MODULE)
    total = {"function": "mvn_own_sums:total"}
    found = asked(
        tmp_path,
        {"statistic": "mean", **total},
        {"statistic": "probability", "event": ">= 2", **total},
        {"statistic": "mean", "function": "mvn_own_sums:twice"},
        {"statistic": "mean", "column": "gas"},
        {"statistic": "mean"},
    )
    assert found[0].array is found[1].array
    assert found[3].array is found[4].array
    assert [each.array.shape for each in found] == [(100,), (100,), (100, 2), (100, 2), (100, 2)]
    assert [each.columns for each in found] == [None, None, None, "gas", None]
    x = found[4].array.compute()
    np.testing.assert_array_equal(found[0].array.compute(), x.sum(axis=1))
    np.testing.assert_array_equal(found[2].array.compute(), 2.0 * x)


def test_combinations(tmp_path: Path) -> None:
    found = asked(
        tmp_path,
        {"statistic": "mean", "combination": [0.5, 2]},
        {"statistic": "probability", "event": "< 0", "combination": {"gas": 3}},
        {"statistic": "moments", "combination": [0.5, 2.0]},
    )
    assert found[0].array is found[2].array
    x: np.ndarray[Any, Any] = found[0].array.compute()
    y = mvn_dask.MultivariateNormal([0.0, 1.0], [4.0, 9.0]).sample(100, seed=1).compute()
    np.testing.assert_array_equal(x, y[:, 0] * 0.5 + y[:, 1] * 2.0)
    np.testing.assert_array_equal(found[1].array.compute(), 3.0 * y[:, 1])
    with pytest.raises(JobFileError) as caught:
        asked(
            tmp_path,
            {"statistic": "mean", "combination": [1, 2, 3]},
            {"statistic": "mean", "combination": {"oil": 1, "coal": 2}},
        )
    first, second = str(caught.value).splitlines()
    assert first == "job.toml: estimate.0.combination: must have a weight for each of 2 columns: it has 3"
    assert second.startswith("job.toml: estimate.1.combination: ")
    assert "coal" in second


def test_combinations_of_draws_of_several_axes(tmp_path: Path) -> None:
    job = Job.from_mapping(
        {**mapping(), "estimate": [{"statistic": "mean", "combination": [1, 2, 3, 4]}]}, folder=tmp_path
    )
    x = da.arange(40.0, chunks=40).reshape(10, 2, 2)
    (question,) = questions_of(job, x, x[:3].compute())
    expected = x.compute().reshape(10, 4) @ [1.0, 2.0, 3.0, 4.0]
    np.testing.assert_array_equal(question.array.compute(), expected)
