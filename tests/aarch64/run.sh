#!/bin/sh
# Runs tests on an emulated 64-bit Arm processor: Debian's qemu-user and arm64 Python, and wheels for that.
#     sh tests/aarch64/run.sh FOLDER PYTHON PYTEST_ARGUMENTS...
# All but qemu-user is unpacked into FOLDER, and kept there; PYTHON is one of this machine, with pip.
set -eu
folder=$(realpath -m "$1") python=$2
shift 2
root=$folder/root site=$folder/site

if ! command -v qemu-aarch64 >/dev/null || [ ! -x "$root/usr/bin/python3" ]; then
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "test-aarch64: it takes root on Debian or Ubuntu, to install qemu-user and unpack an arm64 Python" >&2
        exit 1
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update
    apt-get -qq install -y --no-install-recommends qemu-user >/dev/null
    # Lists and packages of the other architecture in a folder of their own: nothing of this machine's changes.
    apt=$folder/apt
    rm -rf "$root"
    mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial" "$root"
    : >"$apt/status"
    arm64() {
        apt-get -qq -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Sandbox::User=root \
            -o Dir::State="$apt/state" -o Dir::State::status="$apt/status" -o Dir::Cache="$apt/cache" "$@"
    }
    arm64 update
    arm64 install -y --no-install-recommends --download-only python3 libpython3-stdlib libstdc++6 >/dev/null
    for package in "$apt"/cache/archives/*.deb; do
        dpkg -x "$package" "$root"
    done
fi

arm_python() {
    qemu-aarch64 -L "$root" -E PYTHONPATH="$site:$PWD" -E PYTHONHOME="$root/usr" -E PYTHONDONTWRITEBYTECODE=1 \
        -E NUMBA_CACHE_DIR="$folder/numba" "$root/usr/bin/python3" "$@"
}

version=$(arm_python -c 'import sys; print("%d.%d" % sys.version_info[:2])')
if [ ! -e "$site/ready" ] || [ pyproject.toml -nt "$site/ready" ]; then
    rm -rf "$site"
    # What drawing and its tests need, and has a wheel.
    "$python" -c '
import tomllib
from pathlib import Path
print(*tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["project"]["dependencies"], "hypothesis", "pytest", sep="\n")
' | sed 's/;.*//' >"$folder/requirements.txt"
    "$python" -m pip install --quiet --disable-pip-version-check --target "$site" --only-binary :all: \
        --python-version "$version" --implementation cp \
        --platform manylinux2014_aarch64 --platform manylinux_2_17_aarch64 --platform manylinux_2_28_aarch64 \
        -r "$folder/requirements.txt"
    touch "$site/ready"
fi
arm_python -c 'import platform; print("Python", platform.python_version(), "on", platform.machine())'
arm_python -m pytest -p no:cacheprovider "$@"
