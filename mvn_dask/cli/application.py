"""The application: its commands, and what they print before they run."""

import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

import mvn_dask
from mvn_dask.cli import jobs, stores
from mvn_dask.cli.console import Console
from mvn_dask.cli.leaving import json_wanted
from mvn_dask.cli.outcome import Exit

app = typer.Typer(
    name="mvn-dask",
    help="Multivariate-normal samples at any size: jobs that go on where they stopped, and stores that look after "
    "themselves.",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    jobs.plan, jobs.run, jobs.sample, jobs.init,
    stores.status, stores.info, stores.verify, stores.repair, stores.extend, stores.report,
):  # fmt: skip
    app.command()(command)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"mvn-dask {mvn_dask.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """Options before the command."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command, and give its exit code."""
    try:
        code: Any = app(
            args=None if arguments is None else list(arguments), prog_name="mvn-dask", standalone_mode=False
        )
    except Exception as error:
        # typer's own errors about usage, whichever library they come from.
        if not hasattr(error, "format_message"):
            raise
        message = " ".join(str(error.format_message()).split())
        console = Console(json_log=json_wanted(sys.argv[1:] if arguments is None else list(arguments)))
        console.error(f"{message} (see mvn-dask --help)", exit_code=int(Exit.USAGE), type=type(error).__name__)
        return Exit.USAGE
    return int(code or 0)
