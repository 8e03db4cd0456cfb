#!/bin/sh
# Installs what `make test-slurm` needs, where it is missing, without starting any of it.
set -eu
PATH=$PATH:/usr/sbin:/sbin
missing=
for program in slurmctld slurmd sbatch munged systemd-analyze; do
    command -v $program >/dev/null || missing="$missing $program"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "test-slurm:$missing not found; on Debian or Ubuntu, as root: apt-get install slurmctld slurmd slurm-client munge systemd" >&2
    exit 1
fi

# Packages of daemons start them, unless this file forbids it.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    trap 'rm -f $policy' EXIT
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod +x $policy
fi
export DEBIAN_FRONTEND=noninteractive
get() {
    said=$(apt-get -o DPkg::Lock::Timeout=120 "$@" 2>&1) || {
        echo "$said" >&2
        exit 1
    }
}
get update
get install -y --no-install-recommends slurmctld slurmd slurm-client munge systemd
