"""Tests of one file, run again as on a processor with other vector registers."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

REGISTERS = [(64, 32), *(pytest.param(other, marks=pytest.mark.slow) for other in [(16, 32), (16, 16)])]
"""Bytes of a register and how many there are: AVX-512, NEON, SSE2. AVX2 is what most machines have."""


def assert_passes_with(registers: tuple[int, int], file: str, cache: Path) -> None:
    """LLVM takes vectors apart that this processor has no registers for: the code is that of the other one, slowly."""
    script = f"""
import pytest
from mvn_dask.compiled import code_cache, llvm
# The code that other places have is for the registers of this processor.
code_cache._READERS.clear()
llvm.REGISTER_BYTES, llvm.REGISTERS = {registers}
raise SystemExit(pytest.main(["-q", "-p", "no:cacheprovider", {file!r}]))
"""
    run = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "NUMBA_CACHE_DIR": str(cache)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout
    assert " passed" in run.stdout
