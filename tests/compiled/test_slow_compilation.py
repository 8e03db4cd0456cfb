import logging

import numba
import pytest

from mvn_dask import slow_steps
from mvn_dask.compiled import compilation, slow_compilation


def double(x: float) -> float:
    return 2 * x


def test_our_functions_are_named_and_those_of_others_not(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slow_steps, "SLOW_SECONDS", 0.0)
    assert compilation.USABLE
    with caplog.at_level(logging.INFO, "mvn_dask"):
        numba.njit(double)(1.0)
        assert not caplog.messages
        function = double
        monkeypatch.setattr(function, "__module__", "mvn_dask.compiled.double")
        assert numba.njit(function)(1.0) == 2.0
    assert caplog.messages[-1].startswith(f"{slow_compilation.COMPILATION} took ")
