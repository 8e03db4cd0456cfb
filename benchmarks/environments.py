"""An environment for each other library, since their dependencies conflict."""

import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = {"mkl_random": ["mkl_random"], "torch": ["torch", "numpy"], "jax": ["jax"]}
"""What to install, where it is not the project's own environment that has the library."""

OWN = ("mvn_dask", "numpy", "scipy")
R = "mvnfast"


def command(peer: str, folder: Path, given: dict[str, str]) -> list[str] | str:
    """How to run a peer's process, or why it cannot be run.

    Parameters
    ----------
    peer : str
        A name of `benchmarks.peers`, or ``mvnfast``.
    folder : Path
        Where environments are made and kept.
    given : dict
        Interpreters that are there already, by the library's name.
    """
    library = peer.split(maxsplit=1)[0]
    here = Path(__file__).parent
    if library == R:
        rscript = given.get(R, shutil.which("Rscript"))
        if rscript is None:
            return "there is no Rscript"
        probe = [rscript, "-e", "library(mvnfast); library(jsonlite)"]
        found = subprocess.run(probe, capture_output=True, text=True, check=False)
        return [rscript, str(here / "mvnfast.R")] if not found.returncode else found.stderr.strip().splitlines()[0]
    interpreter = given.get(library) or (sys.executable if library in OWN else _create(library, folder))
    probe = [interpreter, "-c", f"import {library}"]
    found = subprocess.run(probe, capture_output=True, text=True, check=False)
    return (
        [interpreter, str(here / "peers.py"), peer] if not found.returncode else found.stderr.strip().splitlines()[-1]
    )


def _create(library: str, folder: Path) -> str:
    environment = folder / library
    interpreter = environment / "bin" / "python"
    if not interpreter.exists():
        print(f"creating {environment}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        pip = [str(interpreter), "-m", "pip", "install", "--quiet", *PACKAGES[library]]
        subprocess.run(pip, capture_output=True, check=False)
    return str(interpreter)
