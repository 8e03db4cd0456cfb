"""The command `doctor`: this machine and this environment, and what is wrong with them."""

from mvn_dask.cli.command import CommandResult, Result, command
from mvn_dask.cli.exit_codes import ExitCode


@command
def doctor() -> CommandResult:
    """Look at this machine and this environment: what is wrong, and the cure of each.

    Versions of the libraries, extras, cores, memory, BLAS, compiled code, spool, disk, ports, clock. Exit code 1 if
    anything keeps the package from its work; a warning is none.
    """
    from mvn_dask.diagnosis.diagnose import diagnose

    found = diagnose()
    return Result(str(found), found.as_dict(), ExitCode.DONE if found.ok else ExitCode.FAILED)
