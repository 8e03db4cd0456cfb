"""The command ``mvn-dask``: jobs and stores for those who read exit codes and logs.

Nothing of dask, zarr or numpy is imported before a command needs it.
"""


def main() -> None:
    """Run the command that the process was called with, and end the process with its exit code."""
    from mvn_dask.cli.application import run

    raise SystemExit(run())
