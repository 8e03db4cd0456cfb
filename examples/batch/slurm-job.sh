#!/bin/bash
# One store, drawn by one job of several tasks, a Dask cluster for its time:    sbatch slurm-job.sh job.toml
# Task 0 is Dask's scheduler, task 1 runs the job, all others are workers (dask-jobqueue's SLURMRunner, in
# slurm-job.py). For jobs whose work should go wherever there is room; an array needs less, and waits less.
# Signals and requeueing are as in slurm-array.sh; only task 1 acts on them. Workers may die: others take over.
# Yours: the environment, tasks, CPUs, memory, time. A second argument, ib0 say, names the network between nodes.
#SBATCH --job-name=mvn-dask
#SBATCH --ntasks=4
#SBATCH --cpus-per-task=4
#SBATCH --mem-per-cpu=2G
#SBATCH --time=04:00:00
#SBATCH --signal=B:USR1@120
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=%x-%j.log

: "${1:?usage: sbatch slurm-job.sh job.toml [network]}"
script=$(scontrol show job "$SLURM_JOB_ID" | sed -n 's/^ *Command=\([^ ]*\).*/\1/p')
export DASK_LOGGING__DISTRIBUTED=${DASK_LOGGING__DISTRIBUTED:-warning}

# bash runs traps only while it waits, so the command runs beside it. srun forwards USR1 to all tasks, but kills
# them for a SIGTERM.
forward() {
    interrupted=yes signal=$1
    kill -s USR1 "$child"
}
trap 'forward USR1' USR1
trap 'forward TERM' TERM
srun --cpus-per-task="$SLURM_CPUS_PER_TASK" python "${script%.sh}.py" "$@" &
child=$!
interrupted=yes signal=
while [[ $interrupted ]]; do
    interrupted=
    wait "$child"
    code=$?
done
trap - USR1 TERM

# 138 and 143: the signal came before Python had a handler.
case $code in 75 | 138 | 143)
    if [[ $signal == USR1 && ${SLURM_RESTART_COUNT:-0} -lt 100 ]] && scontrol requeue "$SLURM_JOB_ID"; then
        sleep 60 # until Slurm ends this script
    fi
    echo "stopped with work left; unless Slurm requeues it, this goes on:"
    printf 'cd %q && sbatch %q %s\n' "$SLURM_SUBMIT_DIR" "$script" "$*"
    ;;
esac
exit "$code"
