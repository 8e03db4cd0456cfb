import logging
import time

import pytest

from mvn_dask import slow_steps
from mvn_dask.slow_steps import name_if_slow

log = logging.getLogger("mvn_dask.tests.slow")


def test_a_slow_step_is_named_while_it_lasts_and_at_its_end(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slow_steps, "SLOW_SECONDS", 0.01)
    with caplog.at_level(logging.INFO, "mvn_dask"), name_if_slow(log, "factorising"):
        while not caplog.messages:
            time.sleep(0.01)
        assert caplog.messages == ["factorising …"]
    assert caplog.messages[1].startswith("factorising took 0.0")


def test_a_fast_step_is_not_named(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_steps, "SLOW_SECONDS", 1000.0)
    with caplog.at_level(logging.INFO, "mvn_dask"), name_if_slow(log, "factorising"):
        pass
    assert not caplog.messages


def fail() -> None:
    with name_if_slow(log, "factorising"):
        time.sleep(0.1)
        raise ValueError("odd")


def test_a_slow_step_that_fails_says_nothing_of_its_end(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slow_steps, "SLOW_SECONDS", 0.01)
    with caplog.at_level(logging.INFO, "mvn_dask"), pytest.raises(ValueError, match="odd"):
        fail()
    assert caplog.messages in ([], ["factorising …"])
