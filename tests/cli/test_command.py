import inspect
import json
import logging
import warnings
from collections.abc import Callable
from functools import partial
from inspect import signature
from typing import Any, get_args, get_type_hints

import pytest
from distributed import Client

from mvn_dask.cli import command as options
from mvn_dask.cli.application import app
from mvn_dask.cli.command import (
    LIBRARY_LOGGERS,
    CommandResult,
    OutputOptions,
    Result,
    Store,
    WorkOptions,
    command,
    console_logging,
    run_command,
)
from mvn_dask.cli.exit_codes import ExitCode
from mvn_dask.errors import ArgumentError, JobCancelledError, JobFileError
from mvn_dask.execution.progress import Progress
from mvn_dask.redaction import RedactSecrets
from tests.support.command import Site, assert_one_line

Captured = pytest.CaptureFixture[str]
log = logging.getLogger("mvn_dask.tests")


def failing(error: BaseException) -> Callable[[RedactSecrets], CommandResult]:
    def action(secrets: RedactSecrets) -> CommandResult:
        raise error

    return action


def test_groups_of_options_are_replaced_by_their_options(capsys: Captured) -> None:
    def draw(store: Store, count: int = 1, *, work: WorkOptions, secrets: RedactSecrets) -> CommandResult:
        """Draw."""
        secrets.add("hunter2")
        log.warning("hunter2")
        return Result(f"{store} {count} {work}", {"count": count}, ExitCode.VERIFICATION)

    plain = command(draw)
    assert (plain.__name__, plain.__doc__) == ("draw", "Draw.")
    names = ["store", "count", "grace", "connect_timeout", "json", "quiet", "log_format", "debug"]
    assert list(inspect.signature(plain).parameters) == names
    hints = get_type_hints(plain, include_extras=True)
    assert list(hints) == [*names, "return"]
    assert hints["store"] == Store
    assert list(inspect.signature(partial(command, has_result=False)(draw)).parameters) == [*names[:4], *names[5:]]
    assert plain(store="x", grace=2.0) == 5
    text = "x 1 WorkOptions(grace=2.0, connect_timeout=30.0)\n"
    assert capsys.readouterr() == (text, "mvn-dask: warning: …\n")
    assert plain(store="x", count=3, json=True) == 5
    assert json.loads(capsys.readouterr().out) == {"count": 3}


def test_a_result(capsys: Captured) -> None:
    def action(secrets: RedactSecrets) -> CommandResult:
        return Result("text", {"a": 1}, ExitCode.VERIFICATION)

    assert run_command(OutputOptions(), action) == 5
    assert run_command(OutputOptions(json=True), action) == 5
    assert run_command(OutputOptions(), lambda _: ExitCode.STOPPED) == 75
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
def test_an_error_is_a_line_and_a_code(error: BaseException, code: int, line: str, capsys: Captured) -> None:
    assert run_command(OutputOptions(), failing(error)) == code
    assert capsys.readouterr() == ("", f"{line}\n")


def test_errors_of_a_job_file_are_a_line_each(capsys: Captured) -> None:
    assert run_command(OutputOptions(), failing(JobFileError("job.toml:1: a", "job.toml:2: b"))) == 2
    assert capsys.readouterr().err == "mvn-dask: error: job.toml:1: a\nmvn-dask: error: job.toml:2: b\n"


def test_debug_prints_where_an_error_comes_from(capsys: Captured) -> None:
    for quiet in (False, True):
        assert run_command(OutputOptions(debug=True, quiet=quiet), failing(ArgumentError("odd"))) == 2
        err = capsys.readouterr().err
        assert err.startswith("Traceback (most recent call last):")
        assert "in action" in err
        assert err.endswith("mvn-dask: error: odd\n")


def test_debug_as_json(capsys: Captured) -> None:
    assert run_command(OutputOptions(debug=True, log_format="json"), failing(ArgumentError("odd"))) == 2
    trace, error = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert "in action" in trace["traceback"]
    assert (trace["level"], trace["message"]) == ("debug", "ArgumentError was raised")
    assert (error["message"], error["exit_code"], error["type"]) == ("odd", 2, "ArgumentError")


@pytest.mark.filterwarnings("default")
def test_warnings_are_lines(capsys: Captured) -> None:
    def action(secrets: RedactSecrets) -> CommandResult:
        warnings.warn("of  two\nlines", UserWarning, stacklevel=1)
        return ExitCode.DONE

    before = warnings.showwarning
    assert run_command(OutputOptions(quiet=True), action) == 0
    assert run_command(OutputOptions(log_format="json"), action) == 0
    text, form = capsys.readouterr().err.splitlines()
    assert text == "mvn-dask: warning: of two lines"
    assert json.loads(form)["message"] == "of two lines"
    assert warnings.showwarning is before


def test_what_libraries_log_is_a_line(capsys: Captured) -> None:
    assert Client.__name__, "distributed has given its loggers handlers by now"

    def state() -> list[tuple[list[logging.Handler], bool, int]]:
        loggers = map(logging.getLogger, (*LIBRARY_LOGGERS, "mvn_dask", None))
        return [(each.handlers[:], each.propagate, each.level) for each in loggers]

    before = state()
    for name in ("distributed.worker", "distributed.client", "asyncio", "tornado.application", "other"):
        with console_logging(OutputOptions(log_format="json")):
            logging.getLogger(name).error("bad %s\nindeed", "luck")
            logging.getLogger(name).info("by the way")
            log.debug("by the way")
        (line,) = capsys.readouterr().err.splitlines()
        written = json.loads(line)
        assert (written["level"], written["message"], written["logger"]) == ("error", "bad luck indeed", name)
        assert state() == before


def test_progress_is_logged(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mvn_dask.cli.console.PROGRESS_INTERVAL", 0.0)
    with console_logging(OutputOptions()), Progress(3, "chunk", 8) as progress:
        progress.add(3)
    assert "mvn-dask: 3 of 3 chunks, 24 B\n" in capsys.readouterr().err


def test_an_unknown_log_format(capsys: Captured) -> None:
    assert run_command(OutputOptions(log_format="yaml"), failing(AssertionError())) == 2
    assert_one_line(capsys.readouterr().err, "--log-format must be text or json, not 'yaml'")


SECRETS = ["--set", "output.storage_options.secret_access_key=hunter2hunter2", "--set", "output.url=s3://b/x.zarr"]


@pytest.mark.parametrize("name", ["plan", "run", "status", "info", "verify", "repair"])
def test_no_output_holds_secrets(name: str, site: Site, capsys: Captured) -> None:
    """Whatever fails, in both formats, with tracebacks."""
    endpoint = ["--set", "output.storage_options.endpoint=http://127.0.0.1:9", "--set", "output.storage_options.odd=1"]
    retries = ["--set", "output.storage_options.retry_config={max_retries=0}"]
    for form in ("text", "json"):
        for more in ([], endpoint + retries):
            code = site.run(name, *SECRETS, *more, "--debug", "--log-format", form)
            assert code != 0
            out, err = capsys.readouterr()
            assert err
            assert "hunter2" not in out + err


def test_the_options_of_a_cluster_are_secret_too(site: Site, capsys: Captured) -> None:
    for option in ("password=hunter2hunter2", "security=hunter2hunter2", "host='hunter2hunter2.invalid'"):
        code = site.run("run", "--set", "cluster.kind=local", "--set", f"cluster.options.{option}", "--debug")
        assert code != 0
        out, err = capsys.readouterr()
        assert "hunter2" not in out + err, option
        assert "mvn-dask: error: " in err


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_no_level_holds_secrets(log_format: str, capsys: Captured) -> None:
    def action(secrets: RedactSecrets) -> CommandResult:
        secrets.add({"key": "hunter2secret", "more": [{"deep": "hunter22"}], "short": "eu", "number": 1})
        for write in (log.info, log.warning, log.error):
            write("it was hunter2secret and hunter22 in eu 1", extra={"where": "hunter2secret"})
        raise ValueError("no hunter2secret") from KeyError("hunter22")

    assert run_command(OutputOptions(log_format=log_format, debug=True), action) == 1
    err = capsys.readouterr().err
    assert err.count("it was … and … in eu 1") == 3 or err.count("it was \\u2026 and \\u2026 in eu 1") == 3
    assert "hunter" not in err
    assert "ValueError: no " in err


COMMANDS: dict[str, Callable[..., Any]] = {
    each.callback.__name__: each.callback for each in app.registered_commands if each.callback is not None
}
WORKERS = ["verify", "repair", "extend", "report"]


def hint(name: str, parameter: str) -> object:
    return get_type_hints(COMMANDS[name], include_extras=True)[parameter]


def test_every_command_has_the_output_options() -> None:
    for name in COMMANDS:
        wanted = {"quiet": options.Quiet, "log_format": options.LogFormat, "debug": options.Debug}
        if name != "init":  # which has no result
            wanted["json"] = options.Json
        for parameter, kind in wanted.items():
            assert hint(name, parameter) == kind, parameter


def test_commands_that_work_long_can_be_stopped() -> None:
    for name in ("run", "sample", *WORKERS):
        defaults = {name: each.default for name, each in signature(COMMANDS[name]).parameters.items()}
        assert (defaults["grace"], defaults["connect_timeout"]) == (30.0, 30.0)
        assert hint(name, "grace") == options.Grace


def test_stores_are_named_alike() -> None:
    for name in ("status", "info", *WORKERS):
        assert hint(name, "store") == options.Store
        assert hint(name, "storage_options") == options.StorageOptionList
        assert hint(name, "overrides") == options.Overrides


def test_everything_is_explained() -> None:
    for name, function in COMMANDS.items():
        assert function.__doc__, name
        for parameter, kind in get_type_hints(function, include_extras=True).items():
            if parameter != "return":
                assert get_args(kind)[-1].help, (name, parameter)
