"""Ports of this machine, which local clusters use. Output: a finding for each. Cost: a connection to itself."""

import socket
from collections.abc import Iterator

from mvn_dask.diagnosis.base import Finding

PORTS = {"scheduler port": 8786, "dashboard port": 8787}
"""Ports that Dask's own commands take; clusters of jobs take any that is free."""
HOST = "127.0.0.1"
SECONDS = 5.0
"""So long a connection to itself may take."""


def loopback() -> Iterator[Finding]:
    """Whether a process of this machine can connect to another."""
    try:
        with socket.create_server((HOST, 0)) as server, socket.create_connection(server.getsockname(), SECONDS):
            yield Finding("loopback", "ok", f"connections to {HOST}")
    except OSError as error:
        cure = 'ip link set lo up, and let the firewall pass lo; or use threads: cluster.kind = "threads"'
        yield Finding("loopback", "fault", f"no connection to {HOST}: {error.strerror or error}", cure)


def ports() -> Iterator[Finding]:
    """Whether Dask's usual ports are free."""
    for name, port in PORTS.items():
        try:
            socket.create_server((HOST, port)).close()
        except OSError as error:
            text = f"{port} is taken: {error.strerror or error}"
            yield Finding(name, "absent", text, "nothing: clusters of jobs take a free port, unless one is named")
        else:
            yield Finding(name, "ok", f"{port} is free")
