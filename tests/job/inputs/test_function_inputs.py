from pathlib import Path

import numpy as np
import pytest

from mvn_dask import covariance
from mvn_dask.errors import InvalidDistributionError, JobFileError
from mvn_dask.job.inputs.function_inputs import covariance_function
from mvn_dask.job.schema.covariance_table import FunctionTable

PLACE = "job.toml:7: distribution.cov.function"


def test_functions_of_this_package() -> None:
    for table, function in [
        (FunctionTable(name="exponential", length=2.0), covariance.exponential(2.0)),
        (FunctionTable(name="gaussian", length=2.0, variance=3.0), covariance.gaussian(2.0, variance=3.0)),
        (FunctionTable(name="matern", length=2.0, nu=1.5), covariance.matern(2.0, nu=1.5)),
        (FunctionTable(name="spherical", range=2.0), covariance.spherical(2.0)),
    ]:
        assert covariance_function(PLACE, table) == function
    with pytest.raises(InvalidDistributionError, match=r"^job\.toml:7: distribution\.cov\.function: `length` must be"):
        covariance_function(PLACE, FunctionTable(name="gaussian", length=0.0))


def test_functions_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mvn_own_covariances.py").write_text("class A:\n    decay = staticmethod(lambda h: 0.5 ** h)\n")
    (tmp_path / "mvn_broken.py").write_text("raise RuntimeError('one\\n  two')\n")
    (tmp_path / "mvn_typo.py").write_text("def f(:\n")
    with pytest.raises(JobFileError, match="cannot be imported: No module named"):
        covariance_function(PLACE, "mvn_own_covariances:A.decay")
    monkeypatch.syspath_prepend(tmp_path)
    function = covariance_function(PLACE, "mvn_own_covariances:A.decay")
    assert function(np.array([0.0, 1.0])).tolist() == [1.0, 0.5]
    for text, fault in [
        ("mvn_own_covariances:A.b", "there is no A.b in the module mvn_own_covariances"),
        (
            "mvn_own_covariances:__name__",
            "mvn_own_covariances:__name__ must be a function of an array of distances, not",
        ),
        ("mvn_broken:f", "the module mvn_broken cannot be imported: one two"),
        ("mvn_typo:f", "the module mvn_typo cannot be imported: "),
    ]:
        with pytest.raises(JobFileError) as caught:
            covariance_function(PLACE, text)
        assert str(caught.value).startswith(f"{PLACE}: {fault}")
        assert "\n" not in str(caught.value)
