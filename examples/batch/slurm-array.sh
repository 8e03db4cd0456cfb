#!/bin/bash
# One store, drawn by the tasks of an array, which need no coordinator:    sbatch slurm-array.sh job.toml
# Task i draws part i; whichever finds that nothing is missing any more makes the store readable.
# Two minutes before a task's time is up Slurm sends USR1 to this script, which forwards it: mvn-dask ends the
# chunks that it is at and exits with 75, and the task puts itself back into the queue.
# `scancel --batch --signal=TERM 12_3` stops it in the same way; then it prints the command that goes on.
# Preempted, requeued (`scontrol requeue 12_3`) or on a node that died, it goes on where it was.
# The whole array once more does no harm: a part that is done ends within two seconds.
# Yours: the environment, --array (a number a part), CPUs, memory, time. Slurm's KillWait (30 s) should
# exceed --grace. The second argument, the number of parts, is for a few tasks alone: --array=3 ... job.toml 8
#SBATCH --job-name=mvn-dask
#SBATCH --array=0-7
#SBATCH --cpus-per-task=4
#SBATCH --mem=8G
#SBATCH --time=04:00:00
#SBATCH --signal=B:USR1@120
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=%x-%A_%a.log

job=${1:?usage: sbatch slurm-array.sh job.toml [parts]}
parts=${2:-$SLURM_ARRAY_TASK_COUNT}
task=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID

# bash runs traps only while it waits, so the command runs beside it.
forward() {
    interrupted=yes signal=$1
    kill -s "$1" "$child"
}
trap 'forward USR1' USR1
trap 'forward TERM' TERM
mvn-dask run "$job" --part "auto/$parts" --set "cluster.threads=$SLURM_CPUS_PER_TASK" --grace 20 &
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
    if [[ $signal == USR1 && ${SLURM_RESTART_COUNT:-0} -lt 100 ]] && scontrol requeue "$task"; then
        sleep 60 # until Slurm ends this script
    fi
    script=$(scontrol show job "$task" | sed -n 's/^ *Command=\([^ ]*\).*/\1/p')
    echo "stopped with work left; unless Slurm requeues it, this goes on:"
    printf 'cd %q && sbatch --array=%s %q %q %s\n' "$SLURM_SUBMIT_DIR" "$SLURM_ARRAY_TASK_ID" "$script" "$job" "$parts"
    ;;
esac
exit "$code"
