"""Options that commands share: their types, and groups of them.

A parameter of a command whose type is a group stands for the options of that group; `mvn_dask.cli.command.command`
replaces it by them.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

JobFile = Annotated[Path, typer.Argument(metavar="JOB", help="The job file.", show_default=False)]
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
LogFormat = Annotated[str, typer.Option(metavar="text|json", help="Format of the messages on standard error.")]
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
