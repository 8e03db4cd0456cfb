"""Notebooks talk to their kernels through sockets in the file system, where there are any, and through no port.

A port is open to everybody on the machine, of which each kernel warns; and of many kernels that start at the same time
two may be given one.
"""

from tempfile import TemporaryDirectory
from typing import Any

import zmq
from jupyter_cache.executors import utils
from nbclient import execute
from nbformat import NotebookNode
from sphinx.application import Sphinx
from traitlets.config import Config


def execute_by_sockets(notebook: NotebookNode, **settings: Any) -> NotebookNode:
    """Execute a notebook, with a folder for the sockets of its kernel alone."""
    with TemporaryDirectory(prefix="kernel-") as folder:
        config = Config(KernelManager={"transport": "ipc", "ip": f"{folder}/socket"})
        return execute(notebook, config=config, **settings)


def setup(_: Sphinx) -> dict[str, bool]:
    """Take the place of what executes notebooks; myst-nb has no setting for it."""
    if zmq.has("ipc"):
        utils.executenb = execute_by_sockets
    return {"parallel_read_safe": True, "parallel_write_safe": True}
