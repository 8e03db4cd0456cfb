"""What commands have in common; one that forgets an option is found here."""

from collections.abc import Callable
from inspect import signature
from typing import Any, get_args, get_type_hints

import pytest

from mvn_dask.cli import options
from mvn_dask.cli.application import app

COMMANDS: dict[str, Callable[..., Any]] = {
    each.callback.__name__: each.callback for each in app.registered_commands if each.callback is not None
}
WORKERS = ["verify", "repair", "extend", "report"]


def hint(command: str, parameter: str) -> object:
    return get_type_hints(COMMANDS[command], include_extras=True)[parameter]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_speaks_in_the_same_manner(command: str) -> None:
    wanted = {"quiet": options.Quiet, "log_format": options.LogFormat, "debug": options.Debug}
    if command != "init":  # which has no result
        wanted["json"] = options.Json
    for parameter, kind in wanted.items():
        assert hint(command, parameter) == kind, parameter


@pytest.mark.parametrize("command", ["run", "sample", *WORKERS])
def test_whoever_works_long_can_be_stopped(command: str) -> None:
    defaults = {name: each.default for name, each in signature(COMMANDS[command]).parameters.items()}
    assert (defaults["grace"], defaults["connect_timeout"]) == (30.0, 30.0)
    assert hint(command, "grace") == options.Grace


@pytest.mark.parametrize("command", ["status", "info", *WORKERS])
def test_stores_are_named_alike(command: str) -> None:
    assert hint(command, "store") == options.Store
    assert hint(command, "storage_options") == options.StorageOptions
    assert hint(command, "overrides") == options.Overrides


@pytest.mark.parametrize("command", COMMANDS)
def test_everything_is_explained(command: str) -> None:
    assert COMMANDS[command].__doc__
    for name, kind in get_type_hints(COMMANDS[command], include_extras=True).items():
        if name != "return":
            assert get_args(kind)[-1].help, name
