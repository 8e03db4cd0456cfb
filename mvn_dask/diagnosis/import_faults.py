"""Why a library cannot be imported, and what installs it.

Input: what importing it raised. Output: texts. Cost: reading the metadata of the package. Imports nothing that is not
Python's own, since anything else may be missing.
"""

import re
from importlib import metadata

PACKAGE = "mvn_dask"
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def import_fault(error: Exception) -> tuple[str, str | None]:
    """What is wrong, and the cure; None where the error does not say which library it is about.

    Examples
    --------
    >>> import_fault(ModuleNotFoundError("No module named 'psutil'", name="psutil"))
    ('psutil is not installed', "pip install 'psutil>=5.9'")
    >>> import_fault(ImportError("cannot import name 'x' from 'toolz.y'", name="toolz.y"))
    ("toolz cannot be imported: cannot import name 'x' from 'toolz.y'", "pip install --force-reinstall 'toolz'")
    """
    reason = " ".join(str(error).split())
    if not isinstance(error, ImportError):
        return reason, None
    library = (error.name or "").partition(".")[0]
    if not library or library == PACKAGE:
        return reason, None
    wanted = requirements().get(library, library)
    if isinstance(error, ModuleNotFoundError) and error.name == library:
        return f"{library} is not installed", f"pip install '{wanted}'"
    return f"{library} cannot be imported: {reason}", f"pip install --force-reinstall '{wanted}'"


def requirements() -> dict[str, str]:
    """What the package requires without extras, by the names of the libraries."""
    try:
        texts = metadata.requires(PACKAGE) or []
    except metadata.PackageNotFoundError:  # a folder of sources
        return {}
    plain = (text.partition(";")[0].strip() for text in texts if "extra ==" not in text)
    return {found[0].replace("-", "_"): text for text in plain if (found := _NAME.match(text))}
