"""A folder with a job that all nodes see, and what a user does there."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dask.system import CPU_COUNT

from tests.slurm.cluster import Slurm, wait

EXAMPLES = Path(__file__).parents[2] / "examples" / "batch"
PARTS, ROWS, NDIM, SEED = 8, 4, 1000, 7
"""Parts, rows a chunk, dimension, seed. A chunk takes some 15 ms, since its rows lie in a stripe of 128."""
CHUNKS = 40 * min(max(CPU_COUNT, 2), 16)
"""Chunks a part: so many that each takes long enough to be hurt, on a machine of any size."""


@dataclass(frozen=True)
class Site:
    """A folder for a job's file, its logs and its store."""

    slurm: Slurm
    inputs: Path
    """Where mean.npy and cov.npy lie."""
    folder: Path

    def __post_init__(self) -> None:
        (self.folder / "job.toml").write_text(f"""\
version = 1

[distribution]
mean = "{self.inputs}/mean.npy"
cov = "{self.inputs}/cov.npy"
method = "cholesky"

[sample]
size = {PARTS * CHUNKS * ROWS}
seed = {SEED}
chunks = {ROWS}

[output]
url = "store.zarr"
""")

    @property
    def store(self) -> Path:
        return self.folder / "store.zarr"

    def submit(self, script: str, *arguments: str) -> str:
        """Submit a script of the examples as it is; the job's number."""
        sbatch = "sbatch", "--parsable", EXAMPLES / script, "job.toml"
        return self.slurm.command(*sbatch, *arguments, cwd=self.folder).strip()

    def resubmit(self, log: str) -> str:
        """Run the command that a job printed last; the new job's number."""
        command = (self.folder / log).read_text().splitlines()[-1]
        return self.slurm.command("sh", "-c", command, cwd=Path("/")).split()[-1]

    def signal(self, job: str, name: str) -> None:
        """Send a signal to a job's script alone, as Slurm does before a job's time is up."""
        self.slurm.command("scancel", "--batch", f"--signal={name}", job)

    def show(self, job: str) -> dict[str, str]:
        """What Slurm knows of a job."""
        words = self.slurm.command("scontrol", "--oneliner", "show", "job", job).splitlines()[0].split()
        return dict(word.split("=", 1) for word in words if "=" in word)

    def until(self, condition: Callable[[], object], pause: float = 0.2) -> None:
        """Return once it holds."""
        wait(self.slurm, condition, 120, pause)

    def ended(self, *jobs: str) -> bool:
        """Whether none of the jobs waits or runs."""
        return not self.slurm.command("squeue", "--noheader", f"--jobs={','.join(jobs)}")

    def chunks(self, part: int | None = None) -> int:
        """How many chunks lie there, of a part or of all."""
        names = [int(path.parent.name) for path in self.store.glob("samples/c/*/0")]
        return sum(part is None or name // CHUNKS == part for name in names)


def content(store: Path) -> dict[str, bytes]:
    """Every file of a store but the one about the machine that began it."""
    files = {str(path.relative_to(store)): path for path in store.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in files.items() if not name.endswith("writer.json")}
