import json
import logging
import warnings
from collections.abc import Callable

import pytest
from distributed import Client

from mvn_dask.cli.conduct import LOUD, Manner, conduct
from mvn_dask.cli.console import Console
from mvn_dask.cli.outcome import Exit
from mvn_dask.errors import ArgumentError, JobCancelledError, JobFileError
from mvn_dask.execution.progress import Progress
from tests.cli.conftest import Site, assert_one_line


def failing(error: BaseException) -> Callable[[Console], Exit]:
    def act(console: Console) -> Exit:
        raise error

    return act


def test_a_result(capsys: pytest.CaptureFixture[str]) -> None:
    def act(console: Console) -> Exit:
        console.result("text", {"a": 1})
        return Exit.VERIFICATION

    assert conduct(Manner(), act) == 5
    assert conduct(Manner(json=True), act) == 5
    assert capsys.readouterr() == ('text\n{"a": 1}\n', "")


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (ArgumentError("`a` must be b"), 2, "mvn-dask: error: `a` must be b"),
        (JobCancelledError("stopped"), 75, "mvn-dask: error: stopped"),
        (RuntimeError("odd\nvery odd"), 1, "mvn-dask: error: RuntimeError: odd; very odd"),
        (KeyboardInterrupt(), 75, "mvn-dask: error: interrupted"),
    ],
)
def test_an_error_is_a_line_and_a_code(
    error: BaseException, code: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert conduct(Manner(), failing(error)) == code
    assert capsys.readouterr() == ("", f"{line}\n")


def test_faults_of_a_job_file_are_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert conduct(Manner(), failing(JobFileError("job.toml:1: a\njob.toml:2: b"))) == 2
    assert capsys.readouterr().err == "mvn-dask: error: job.toml:1: a\nmvn-dask: error: job.toml:2: b\n"


def test_debug_shows_where_an_error_comes_from(capsys: pytest.CaptureFixture[str]) -> None:
    assert conduct(Manner(debug=True), failing(ArgumentError("odd"))) == 2
    err = capsys.readouterr().err
    assert err.startswith("Traceback (most recent call last):")
    assert "in act" in err
    assert err.endswith("mvn-dask: error: odd\n")


def test_debug_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert conduct(Manner(debug=True, log_format="json"), failing(ArgumentError("odd"))) == 2
    trace, error = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert "in act" in trace["traceback"]
    assert (error["message"], error["exit_code"], error["type"]) == ("odd", 2, "ArgumentError")


@pytest.mark.filterwarnings("default")
def test_warnings_are_lines(capsys: pytest.CaptureFixture[str]) -> None:
    def act(console: Console) -> Exit:
        warnings.warn("of  two\nlines", UserWarning, stacklevel=1)
        return Exit.DONE

    before = warnings.showwarning
    assert conduct(Manner(quiet=True), act) == 0
    assert conduct(Manner(log_format="json"), act) == 0
    text, form = capsys.readouterr().err.splitlines()
    assert text == "mvn-dask: warning: of two lines"
    assert json.loads(form)["message"] == "of two lines"
    assert warnings.showwarning is before


@pytest.mark.parametrize(
    "name", ["distributed.worker", "distributed.client", "asyncio", "tornado.application", "other"]
)
def test_what_libraries_log_is_a_line(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert Client.__name__, "distributed has given its loggers handlers by now"

    def act(console: Console) -> Exit:
        logging.getLogger(name).error("bad %s\nindeed", "luck")
        logging.getLogger(name).info("by the way")
        return Exit.DONE

    before = [(logger.handlers, logger.propagate) for logger in map(logging.getLogger, LOUD)]
    assert conduct(Manner(log_format="json"), act) == 0
    (line,) = capsys.readouterr().err.splitlines()
    told = json.loads(line)
    assert (told["level"], told["message"], told["logger"]) == ("error", "bad luck indeed", name)
    assert [(logger.handlers, logger.propagate) for logger in map(logging.getLogger, LOUD)] == before


def test_progress_is_told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mvn_dask.cli.console.PAUSE", 0.0)

    def act(console: Console) -> Exit:
        with Progress(3, "chunks") as progress:
            progress.add(3)
        return Exit.DONE

    assert conduct(Manner(), act) == 0
    assert "mvn-dask: 3 of 3 chunks\n" in capsys.readouterr().err


def test_a_manner_that_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert conduct(Manner(log_format="yaml"), failing(AssertionError())) == 2
    assert_one_line(capsys.readouterr().err, "--log-format must be text or json, not 'yaml'")


SECRETS = ["--set", "output.storage_options.secret_access_key=hunter2hunter2", "--set", "output.url=s3://b/x.zarr"]


@pytest.mark.parametrize("command", ["plan", "run", "status", "info", "verify", "repair"])
def test_nothing_secret_is_said(command: str, site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever fails, however much is told of it."""
    endpoint = ["--set", "output.storage_options.endpoint=http://127.0.0.1:9", "--set", "output.storage_options.odd=1"]
    retries = ["--set", "output.storage_options.retry_config={max_retries=0}"]
    for form in ("text", "json"):
        for more in ([], endpoint + retries):
            code = site.run(command, *SECRETS, *more, "--debug", "--log-format", form)
            assert code != 0
            out, err = capsys.readouterr()
            assert err
            assert "hunter2" not in out + err


def test_the_options_of_a_cluster_are_secret_too(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    for option in ("password=hunter2hunter2", "security=hunter2hunter2", "host='hunter2hunter2.invalid'"):
        code = site.run("run", "--set", "cluster.kind=local", "--set", f"cluster.options.{option}", "--debug")
        assert code != 0
        out, err = capsys.readouterr()
        assert "hunter2" not in out + err, option
        assert "mvn-dask: error: " in err
