from typing import Any

import pytest

from mvn_dask.distribution.marginal_laws import marginal_law
from mvn_dask.errors import InvalidDistributionError
from mvn_dask.job.inputs.marginal_inputs import marginals_of
from tests.job.schema.test_marginal_table import COPULA
from tests.support.jobs import job


def test_they_are_frozen_distributions_of_scipy() -> None:
    first, second = marginals_of(job(distribution=COPULA))
    assert marginal_law("first", first)[0].shapes == (0.5,)
    assert marginal_law("first", first)[1:] == (0.0, 2.0)
    assert (second.mean(), second.std()) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("marginal", "fault"),
    [
        ({"name": "poisson", "mu": 3.0}, "'poisson' is no continuous distribution of scipy.stats"),
        ({"name": "os"}, "'os' is no continuous distribution of scipy.stats"),
        ({"name": "lognorm"}, "it takes s, loc, scale, and s is missing"),
        ({"name": "norm", "s": 1.0}, "norm has other parameters than s: it takes loc, scale"),
        ({"name": "lognorm", "s": -1.0}, "has parameters that no lognorm distribution has"),
        ({"name": "norm", "scale": 0.0}, "has parameters that no norm distribution has"),
    ],
)
def test_what_scipy_has_not_is_named(marginal: dict[str, Any], fault: str) -> None:
    table = {**COPULA, "marginals": [{"name": "norm"}, marginal]}
    with pytest.raises(InvalidDistributionError) as caught:
        marginals_of(job(distribution=table))
    assert str(caught.value).startswith("job.toml: distribution.marginals.1: ")
    assert fault in str(caught.value)
