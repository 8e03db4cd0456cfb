"""Options that commands share."""

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
        help="Only the I-th of N shares, 0 ≤ I < N. `auto` asks the scheduler's environment; `auto/N` where that "
        "tells I alone.",
        show_default=False,
    ),
]
StorageOptions = Annotated[
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
Timeout = Annotated[float, typer.Option(min=0.0, metavar="SECONDS", help="So long a scheduler has to answer.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but the result, warnings and errors.")]
LogFormat = Annotated[str, typer.Option(metavar="text|json", help="How messages on standard error look.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show where an error comes from.")]
