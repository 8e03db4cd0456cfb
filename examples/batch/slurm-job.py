"""One task of slurm-job.sh: Dask's scheduler is the first, `mvn-dask run` the second, all others are workers.

srun forwards signals to every process of every task. Only mvn-dask acts upon them: workers end when it ends the
cluster, with the chunks that they were at written.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

from dask_jobqueue.slurm import SLURMRunner

for number in signal.SIGTERM, signal.SIGUSR1:
    signal.signal(number, signal.SIG_IGN)

# A requeued job keeps its number, and must not find the scheduler that it had before.
run = f"{os.environ['SLURM_JOB_ID']}-{os.environ.get('SLURM_RESTART_COUNT', '0')}"
file = Path(f"scheduler-{run}.json").resolve()
threads = int(os.environ["SLURM_CPUS_PER_TASK"])
job, *interface = sys.argv[1:]
network = {"interface": interface[0]} if interface else {}
worker = {"nthreads": threads, "memory_limit": f"{threads * int(os.environ['SLURM_MEM_PER_CPU'])} MiB"}

with SLURMRunner(scheduler_file=str(file), scheduler_options={**network}, worker_options={**network, **worker}):
    command = [sys.executable, "-m", "mvn_dask", "run", job, "--connect-timeout", "300", "--grace", "20"]
    here = ["--set", "cluster.kind=scheduler", "--set", f"cluster.scheduler_file={file}"]
    done = subprocess.run([*command, *here], check=False)
file.unlink(missing_ok=True)
sys.exit(done.returncode)
