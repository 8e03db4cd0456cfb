"""How every command runs: options that commands share, its log, its result and its exit code.

Input: a function that does the work and gives a `Result`. Output: a function for typer that gives an exit code.
"""

import json
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, fields, is_dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Annotated, Any

import typer

from mvn_dask.advice import words_for_command
from mvn_dask.cli.completion import job_keys, one_of
from mvn_dask.cli.console import FORMATTERS, ConsoleHandler, print_result
from mvn_dask.cli.exit_codes import ExitCode, error_message, exit_code
from mvn_dask.cli.option_names import OptionNames, option_names
from mvn_dask.cli.wrapping import wrapped_for_terminal
from mvn_dask.redaction import RedactSecrets

LIBRARY_LOGGERS = ("distributed", "distributed.client", "distributed.gc", "bokeh", "tornado", "tornado.application")
"""Loggers that distributed gives handlers of their own."""

_at_end: ContextVar[list[Callable[[ExitCode], None]]] = ContextVar("_at_end")
"""What the command that runs calls when it ends."""

log = logging.getLogger(__name__)

JobFile = Annotated[str, typer.Argument(metavar="JOB", help="The job file.", show_default=False)]
Store = Annotated[
    str,
    typer.Argument(
        metavar="STORE",
        help="Path or URL of a store; or a job file, JOB.toml: then its output, its options and its cluster.",
        show_default=False,
    ),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        autocompletion=job_keys,
        help="Take a value in place of the job file's, as sample.size=1e9. Again for more.",
        show_default=False,
    ),
]
Part = Annotated[
    str | None,
    typer.Option(
        metavar="I/N",
        help="Only the I-th of N shares, 0 ≤ I < N. `auto` takes both from the scheduler's environment; `auto/N` where "
        "that holds I alone.",
        show_default=False,
    ),
]
StorageOptionList = Annotated[
    list[str] | None,
    typer.Option(
        "--storage-option",
        metavar="KEY=VALUE",
        help="What the object store of a URL needs, as region=eu-central-1. Secrets are better kept in the "
        "environment: others see a command line.",
        show_default=False,
    ),
]
Grace = Annotated[
    float,
    typer.Option(min=0.0, metavar="SECONDS", help="After a signal, chunks that are being drawn have so long to end."),
]
ConnectTimeout = Annotated[float, typer.Option(min=0.0, metavar="SECONDS", help="So long a scheduler has to answer.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but the result, warnings and errors.")]
LogFormat = Annotated[
    str,
    typer.Option(
        metavar="text|json", autocompletion=one_of("text", "json"), help="Format of the messages on standard error."
    ),
]
Debug = Annotated[bool, typer.Option("--debug", help="Print the traceback of an error.")]


@dataclass(frozen=True)
class StoreOptions:
    """Options of every command that takes a STORE."""

    storage_options: StorageOptionList = None
    overrides: Overrides = None


@dataclass(frozen=True)
class WorkOptions:
    """Options of every command that draws or reads chunks."""

    grace: Grace = 30.0
    connect_timeout: ConnectTimeout = 30.0


@dataclass(frozen=True)
class OutputOptions:
    """Options of every command: the form of result and messages."""

    json: Json = False
    quiet: Quiet = False
    log_format: LogFormat = "text"
    debug: Debug = False


@dataclass(frozen=True)
class Result:
    """What a command was for."""

    text: str
    """For people."""
    content: Mapping[str, object]
    """The same for ``--json``."""
    exit_code: ExitCode = ExitCode.DONE
    """How the command ends."""
    verbatim: bool = False
    """Whether the text is one for programs, whose lines are not wrapped in a terminal."""


CommandResult = Result | ExitCode


def command(
    function: Callable[..., CommandResult],
    *,
    has_result: bool = True,
    keys: Mapping[tuple[str, ...], str] | None = None,
) -> Callable[..., int]:
    """A command of the application, which also takes `OutputOptions`, and gives its exit code.

    The function's parameters are the command's own options; one whose type is a group of options is replaced by these;
    ``secrets``, the filter of the log, and one whose type is `OutputOptions` are none. Without a result there is no
    option ``--json``. `keys` are those of a job that options stand for.
    """
    parameters = signature(function).parameters
    groups: dict[str, Any] = {}
    options: list[Parameter] = []
    for name, each in parameters.items():
        if name == "secrets" or each.annotation is OutputOptions:
            continue
        if is_dataclass(each.annotation):
            groups[name] = each.annotation
            options += signature(groups[name]).parameters.values()
        else:
            options.append(each)
    options += [each for each in signature(OutputOptions).parameters.values() if has_result or each.name != "json"]

    names = option_names(options, keys or {})

    @wraps(function)
    def run(**given: Any) -> int:
        output = _take(OutputOptions, given)
        given |= {name: _take(group, given) for name, group in groups.items()}

        def action(secrets: RedactSecrets) -> CommandResult:
            shared = {name: output for name, each in parameters.items() if each.annotation is OutputOptions}
            return function(**given, **shared, **({"secrets": secrets} if "secrets" in parameters else {}))

        return run_command(output, action, names)

    # typer reads both.
    keywords = [each.replace(kind=Parameter.KEYWORD_ONLY) for each in options]
    run.__signature__ = Signature(keywords, return_annotation=int)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in options} | {"return": int}
    return run


def _take(group: Any, given: dict[str, Any]) -> Any:
    """A group of options, taken out of all that were given."""
    return group(**{field.name: given.pop(field.name) for field in fields(group) if field.name in given})


def run_command(
    output: OutputOptions, action: Callable[[RedactSecrets], CommandResult], names: OptionNames | None = None
) -> ExitCode:
    """Do the work of a command, print its result, and log why it failed, in the names of its options."""
    names = names or OptionNames()
    with console_logging(output, names) as secrets:
        callbacks: list[Callable[[ExitCode], None]] = []
        token = _at_end.set(callbacks)
        try:
            code = _end_of(output, action, secrets, names)
        finally:
            _at_end.reset(token)
        for callback in callbacks:
            callback(code)
        return code


def call_at_end(callback: Callable[[ExitCode], None]) -> None:
    """In the work of a command: call this with its exit code when its result, or its error, is printed."""
    _at_end.get().append(callback)


def _end_of(
    output: OutputOptions, action: Callable[[RedactSecrets], CommandResult], secrets: RedactSecrets, names: OptionNames
) -> ExitCode:
    try:
        if output.log_format not in FORMATTERS:
            from mvn_dask.errors import ArgumentError

            raise ArgumentError(f"--log-format must be text or json, not {output.log_format!r}")
        result = action(secrets)
        if isinstance(result, ExitCode):
            return result
        print_result(json.dumps(result.content, allow_nan=False) if output.json else _shown(result))
    except KeyboardInterrupt:
        log.error("interrupted", extra={"exit_code": int(ExitCode.STOPPED)})
        return ExitCode.STOPPED
    except Exception as error:
        code = exit_code(error)
        if output.debug:
            log.debug(f"{type(error).__name__} was raised", exc_info=error)
        for line in names.applied(error_message(error)).split("\n"):
            log.error(line, extra={"exit_code": int(code), "type": type(error).__name__})
        return code
    return result.exit_code


def _shown(result: Result) -> str:
    return result.text if result.verbatim else wrapped_for_terminal(result.text)


@contextmanager
def console_logging(output: OutputOptions, names: OptionNames | None = None) -> Iterator[RedactSecrets]:
    """Inside the body, log records, warnings and progress go to standard error alone; gives the filter of secrets."""
    from mvn_dask.execution.progress import report_progress_to

    handler = ConsoleHandler(FORMATTERS.get(output.log_format, FORMATTERS["text"])(), quiet=output.quiet)
    secrets = RedactSecrets()
    handler.addFilter(secrets)

    def show(message: Warning | str, *_: object) -> None:
        text = " ".join(words_for_command(message).split())
        log.warning(text if names is None else names.applied(text))

    root, package = logging.getLogger(), logging.getLogger("mvn_dask")
    # distributed adds handlers when it is imported, unless the root has one by then.
    libraries = [(each, each.handlers[:], each.propagate) for each in map(logging.getLogger, LIBRARY_LOGGERS)]
    level = package.level
    for logger, _, _ in libraries:
        logger.handlers, logger.propagate = [], True
    root.addHandler(handler)
    package.setLevel(logging.DEBUG if output.debug else logging.INFO)
    try:
        with handler, warnings.catch_warnings(), report_progress_to(handler.show_progress):
            # Not logging.captureWarnings, which adds file and line to the message.
            warnings.showwarning = show  # type: ignore[assignment]
            yield secrets
    finally:
        package.setLevel(level)
        root.removeHandler(handler)
        for logger, handlers, propagate in libraries:
            logger.handlers, logger.propagate = handlers, propagate
