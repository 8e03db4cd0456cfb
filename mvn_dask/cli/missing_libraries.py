"""What is left of the command where a library that it is made of cannot be imported: a line, or the diagnosis.

Input: the ImportError, and the arguments of the process. Output: an error with its cure, or what `doctor` finds; an
exit code. Imports none of the libraries that may be missing.
"""

import json
import logging
import sys
from collections.abc import Sequence

from mvn_dask.cli.console import FORMATTERS, print_result
from mvn_dask.cli.early_signals import json_log_requested
from mvn_dask.cli.exit_codes import ExitCode, error_message
from mvn_dask.cli.wrapping import wrapped_for_terminal


def run_without_application(arguments: Sequence[str], error: ImportError) -> int:
    """Look at this environment, if that was asked for, with ``--json`` at most; else say what is missing."""
    if arguments[:1] == ["doctor"]:
        from mvn_dask.diagnosis.diagnose import diagnose

        found = diagnose()
        as_json = "--json" in arguments
        print_result(json.dumps(found.as_dict()) if as_json else wrapped_for_terminal(str(found)))
        return ExitCode.DONE if found.ok else ExitCode.FAILED
    fields = {
        "name": __name__,
        "levelno": logging.ERROR,
        "levelname": "ERROR",
        "msg": error_message(error),
        "exit_code": int(ExitCode.FAILED),
        "type": type(error).__name__,
    }
    formatter = FORMATTERS["json" if json_log_requested(list(arguments)) else "text"]()
    sys.stderr.write(f"{formatter.format(logging.makeLogRecord(fields))}\n")
    return ExitCode.FAILED
