"""What drawing takes, measured as the operating system does."""

import subprocess
import sys

import pytest

MIB = 2**20
BLOCK = 256 * MIB

MEASURE = """
import sys
from pathlib import Path
import numpy as np
import mvn_dask

def status(field):
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024

d, method, dtype, offset = int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
cov = np.diag(np.ones(d)) + 0.5 if method != "diagonal" else np.ones(d)
normal = mvn_dask.MultivariateNormal(np.zeros(d), cov, method="cholesky" if method == "diagonal" else method)
rows = 2**28 // (d * np.dtype(dtype).itemsize)
normal.sample(10, seed=1, dtype=dtype).compute(scheduler="synchronous")
lazy = normal.sample(rows + offset, seed=1, dtype=dtype, chunks=((offset, rows),) if offset else -1)
Path("/proc/self/clear_refs").write_text("5")
before = status("VmRSS")
# compute() of a lone block copies it, so that nobody can write into the graph: the sum is the task's own.
lazy.blocks[-1].sum().compute(scheduler="synchronous")
print(status("VmHWM") - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize(
    ("d", "method", "dtype", "offset"),
    [
        pytest.param(2, "svd", "float64", 0, marks=pytest.mark.slow),
        pytest.param(30, "svd", "float64", 0, marks=pytest.mark.slow),
        pytest.param(30, "svd", "float64", 1001, marks=pytest.mark.faults),
        pytest.param(30, "cholesky", "float32", 0, marks=pytest.mark.slow),
        pytest.param(1000, "cholesky", "float64", 0, marks=pytest.mark.faults),
        pytest.param(1000, "eigh", "float64", 57, marks=pytest.mark.slow),
        pytest.param(10**6, "diagonal", "float64", 0, marks=pytest.mark.faults),
    ],
)
def test_one_block(d: int, method: str, dtype: str, offset: int) -> None:
    """At most 1.15 of the block, the factor and 32 MiB; a block that begins amid a stripe as well."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(d), method, dtype, str(offset)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    factor = 8 * d * d if method != "diagonal" else 8 * d
    assert int(done.stdout) <= 1.15 * BLOCK + factor + 32 * MIB


LOADINGS = """
import sys
from pathlib import Path
import numpy as np
import mvn_dask

d, k = int(sys.argv[1]), 100
loadings = np.ones((d, k))
loadings.setflags(write=False)
normal = mvn_dask.MultivariateNormal(np.zeros(d), mvn_dask.covariance.LowRank(loadings, 1.0))
rows = normal.sample(24, seed=1, chunks=8)
assert abs(rows.blocks[1].sum().compute(scheduler="synchronous")) > 0
for line in Path("/proc/self/status").read_text().splitlines():
    if line.startswith("VmHWM"):
        print(int(line.split()[1]) * 1024)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("d", [pytest.param(each, marks=pytest.mark.slow) for each in (2 * 10**5, 10**6)])
def test_a_process_with_large_loadings(d: int) -> None:
    """Loadings once, some rows of d numbers, and 350 MiB of libraries: 1.5 GiB at d = 10⁶ and k = 100."""
    done = subprocess.run([sys.executable, "-c", LOADINGS, str(d)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) <= 8 * d * (100 + 8 * 5) + 350 * MIB


ESTIMATE = """
import sys
from pathlib import Path
import numpy as np
import mvn_dask
from mvn_dask.statistics import MeanAndCovariance

normal = mvn_dask.MultivariateNormal(np.zeros(30), np.diag(np.ones(30)) + 0.5, method="cholesky")
rows, chunk = int(float(sys.argv[1])), 2**30 // 240
found = mvn_dask.estimate(normal.sample(rows, seed=1, chunks=chunk), MeanAndCovariance())
assert abs(found.covariance.value[0, 1] - 0.5) < 0.05
# Not getrusage, whose peak begins with that of the process that has started this one.
status = Path("/proc/self/status").read_text().splitlines()
print(next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM")))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize(
    "rows", [pytest.param("3e6", marks=pytest.mark.faults), pytest.param("1e8", marks=pytest.mark.slow)]
)
def test_estimates_of_chunks_of_a_gibibyte(rows: str) -> None:
    """Less than 400 MB a process, Python and its libraries included."""
    # The first process compiles, which takes memory of its own.
    for each in ("1e5", rows):
        done = subprocess.run([sys.executable, "-c", ESTIMATE, each], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 400 * 10**6
