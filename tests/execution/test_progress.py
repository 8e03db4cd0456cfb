import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

WRITE = """
import sys
import mvn_dask

def main():
    x = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(10**6, seed=1, chunks=2**17)
    if "cluster" in sys.argv:
        from distributed import Client, LocalCluster
        with LocalCluster(n_workers=1, dashboard_address="127.0.0.1:0") as cluster, Client(cluster):
            mvn_dask.to_zarr(x, sys.argv[1])
    else:
        mvn_dask.to_zarr(x, sys.argv[1])

if __name__ == "__main__":
    main()
"""


@pytest.mark.parametrize("where", ["threads", "cluster"])
def test_a_bar_in_a_terminal_and_silence_elsewhere(where: str, tmp_path: Path) -> None:
    script = tmp_path / "write.py"
    script.write_text(WRITE)
    command = [sys.executable, str(script), str(tmp_path / "a.zarr"), where]
    quiet = subprocess.run(command, capture_output=True, check=True)
    assert quiet.stdout == b""
    assert b"Completed" not in quiet.stderr

    command[2] = str(tmp_path / "b.zarr")
    terminal, child = pty.openpty()
    with subprocess.Popen(command, stdin=child, stdout=child, stderr=child) as process:
        os.close(child)
        shown = b""
        while True:
            try:
                piece = os.read(terminal, 4096)
            except OSError:
                break
            if not piece:
                break
            shown += piece
    os.close(terminal)
    assert process.returncode == 0
    assert b"100%" in shown
