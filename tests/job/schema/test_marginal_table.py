import tomllib
from typing import Any

import pytest

from mvn_dask.errors import JobFileError
from mvn_dask.job.job import Job
from tests.support.jobs import job

COPULA: dict[str, Any] = {
    "kind": "gaussian-copula",
    "mean": None,
    "cov": None,
    "correlation": [[1.0, 0.5], [0.5, 1.0]],
    "marginals": [{"name": "lognorm", "s": 0.5, "scale": 2}, {"name": "norm"}],
}


def test_parameters_are_numbers_by_the_names_of_scipy() -> None:
    first, second = job(distribution=COPULA).distribution.marginals or ()
    assert (first.name, first.parameters) == ("lognorm", {"s": 0.5, "scale": 2.0})
    assert (second.name, second.parameters) == ("norm", {})


def test_one_table_is_that_of_all() -> None:
    one = job(distribution={**COPULA, "marginals": {"name": "norm"}})
    assert len(one.distribution.marginals or ()) == 1


def test_a_job_and_its_file_are_the_same() -> None:
    whole = job(distribution={**COPULA, "exact": True})
    again = Job.from_mapping(tomllib.loads(whole.to_toml()))
    assert again == whole
    assert "s = 0.5" in whole.to_toml()


@pytest.mark.parametrize(
    ("marginals", "fault"),
    [
        ([], "marginals: must be a table, or a list of tables, not []"),
        ("norm", 'marginals: must be a table, or a list of tables, not "norm"'),
        ([{"s": 1.0}], "marginals.0.name: is required"),
        ([{"name": ""}], "marginals.0.name: must be text"),
        ([{"name": "norm"}, {"name": "t", "df": "4"}], 'marginals.1.df: must be a number, not "4"'),
        ([{"name": "norm", "loc": [1.0]}], "marginals.0.loc: must be a number, not a list"),
        ([{"name": "t", "df": True}], "marginals.0.df: must be a number, not true"),
    ],
)
def test_faults(marginals: Any, fault: str) -> None:
    with pytest.raises(JobFileError) as caught:
        job(distribution={**COPULA, "marginals": marginals})
    assert str(caught.value).startswith(f"job.toml: distribution.{fault}")


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ({"kind": "t"}, 'cov: means nothing with kind = "t", which takes location, shape, data, df'),
        ({**COPULA, "df": 3.0}, 'df: means nothing with kind = "gaussian-copula"'),
        ({**COPULA, "marginals": None}, 'marginals: is required with kind = "gaussian-copula"'),
        ({**COPULA, "correlation": None}, 'correlation: is required with kind = "gaussian-copula"'),
        ({"exact": True}, 'exact: means nothing with kind = "normal"'),
        ({"kind": "uniform"}, 'kind: must be "normal", "t" or "gaussian-copula", not "uniform"'),
        (
            {"kind": "t", "mean": None, "cov": None, "location": [[1.0]], "shape": 1.0, "df": 3.0},
            "location: must be a ",
        ),
    ],
)
def test_keys_of_other_kinds(table: dict[str, Any], fault: str) -> None:
    with pytest.raises(JobFileError) as caught:
        job(distribution=table)
    assert str(caught.value).splitlines()[0].startswith(f"job.toml: distribution.{fault}")
