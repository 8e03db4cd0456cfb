"""The command ``mvn-dask``: jobs and stores for those who read exit codes and logs.

Nothing of dask, zarr or numpy is imported before a command needs it.
"""


def main() -> None:
    """Run the command that the process was called with, and end the process with its exit code."""
    import sys

    from mvn_dask.cli.leaving import json_wanted, leave_on_signals

    leave_on_signals(json_log=json_wanted(sys.argv[1:]))

    from mvn_dask.cli.application import run
    from mvn_dask.cli.console import open_closed_streams
    from mvn_dask.job.signal_masking import ignore_signals

    open_closed_streams()
    code = run()
    # All is said and done; a signal while Python ends must not tell another story.
    ignore_signals()
    raise SystemExit(code)
