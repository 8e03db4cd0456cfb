"""What commands have in common; one that lacks an option is found here."""

from collections.abc import Callable
from inspect import signature
from typing import Any, get_args, get_type_hints

from mvn_dask.cli import options
from mvn_dask.cli.application import app

COMMANDS: dict[str, Callable[..., Any]] = {
    each.callback.__name__: each.callback for each in app.registered_commands if each.callback is not None
}
WORKERS = ["verify", "repair", "extend", "report"]


def hint(command: str, parameter: str) -> object:
    return get_type_hints(COMMANDS[command], include_extras=True)[parameter]


def test_every_command_has_the_output_options() -> None:
    for command in COMMANDS:
        wanted = {"quiet": options.Quiet, "log_format": options.LogFormat, "debug": options.Debug}
        if command != "init":  # which has no result
            wanted["json"] = options.Json
        for parameter, kind in wanted.items():
            assert hint(command, parameter) == kind, parameter


def test_commands_that_work_long_can_be_stopped() -> None:
    for command in ("run", "sample", *WORKERS):
        defaults = {name: each.default for name, each in signature(COMMANDS[command]).parameters.items()}
        assert (defaults["grace"], defaults["connect_timeout"]) == (30.0, 30.0)
        assert hint(command, "grace") == options.Grace


def test_stores_are_named_alike() -> None:
    for command in ("status", "info", *WORKERS):
        assert hint(command, "store") == options.Store
        assert hint(command, "storage_options") == options.StorageOptionList
        assert hint(command, "overrides") == options.Overrides


def test_everything_is_explained() -> None:
    for command, function in COMMANDS.items():
        assert function.__doc__, command
        for name, kind in get_type_hints(function, include_extras=True).items():
            if name != "return":
                assert get_args(kind)[-1].help, (command, name)
