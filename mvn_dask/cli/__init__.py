"""The command ``mvn-dask``.

Input: arguments, job files, stores. Output: a result on standard output, messages on standard error, an exit code.
Cost: numpy, dask and zarr are imported by the commands that need them, so that help and usage errors take 0.2 s.
"""


def main() -> None:
    """Run the command that the process was called with, and end the process with its exit code."""
    import sys

    from mvn_dask.cli.early_signals import exit_on_signals, json_log_requested

    exit_on_signals(json_log=json_log_requested(sys.argv[1:]))

    from mvn_dask.cli.console import open_closed_streams
    from mvn_dask.job.signal_masking import ignore_signals

    open_closed_streams()
    try:
        from mvn_dask.cli.application import run

        # Here as well: typer imports other libraries only when it is called.
        code = run()
    except ImportError as error:
        from mvn_dask.cli.missing_libraries import run_without_application

        code = run_without_application(sys.argv[1:], error)
    # The result is printed: a signal while Python ends must not change the exit code.
    ignore_signals()
    raise SystemExit(code)
