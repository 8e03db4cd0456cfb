"""An environment for each other library, since their dependencies conflict."""

import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = {
    "mkl_random": ["mkl_random"],
    "torch": ["torch", "numpy"],
    "jax": ["jax"],
    "gstools": ["gstools"],
    "sksparse_minimal": ["sksparse-minimal", "scipy"],
    "pymetis": ["pymetis", "numpy"],
    "statsmodels": ["statsmodels"],
    "openturns": ["openturns", "numpy"],
    "qmcpy": ["qmcpy"],
    "crick": ["crick", "dask[array]"],
}
"""What to install, where it is not the project's own environment that has the library."""

OWN = ("mvn_dask", "numpy", "scipy")
R = {"mvnfast": "mvnfast.R", "spam": "structured_peers.R", "fields": "structured_peers.R"}
"""Libraries of R, and the scripts that draw with them; Debian has r-cran-spam, r-cran-fields and r-cran-jsonlite."""


def command(peer: str, folder: Path, given: dict[str, str], script: str = "peers.py") -> list[str] | str:
    """How to run a peer's process, or why it cannot be run.

    Parameters
    ----------
    peer : str
        A name of the script's, which begins with that of the library.
    folder : Path
        Where environments are made and kept.
    given : dict
        Interpreters that are there already, by the library's name; of R, ``Rscript``.
    script : str
        File beside this one that draws on request; those of R have their own.
    """
    library = peer.split(maxsplit=1)[0]
    here = Path(__file__).parent
    if library in R:
        rscript = given.get(library, shutil.which("Rscript"))
        if rscript is None:
            return "there is no Rscript"
        probe = [rscript, "-e", f"library({library}); library(jsonlite)"]
        found = subprocess.run(probe, capture_output=True, text=True, check=False)
        return [rscript, str(here / R[library]), peer] if not found.returncode else _first_error(found.stderr)
    interpreter = given.get(library) or (sys.executable if library in OWN else _create(library, folder))
    probe = [interpreter, "-c", f"import {library}"]
    found = subprocess.run(probe, capture_output=True, text=True, check=False)
    return [interpreter, str(here / script), peer] if not found.returncode else found.stderr.strip().splitlines()[-1]


def _first_error(text: str) -> str:
    """What R says of a library that it lacks, without what it says of those that it loads."""
    lines = [line for line in text.strip().splitlines() if line.startswith("Error")]
    return " ".join(lines[:1]) or "Rscript failed"


def _create(library: str, folder: Path) -> str:
    environment = folder / library
    interpreter = environment / "bin" / "python"
    if not interpreter.exists():
        print(f"creating {environment}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        pip = [str(interpreter), "-m", "pip", "install", "--quiet", *PACKAGES[library]]
        subprocess.run(pip, capture_output=True, check=False)
    return str(interpreter)
