"""Counts of blocks that tasks have done, while these tasks still run.

Input: `count_block` in a task, after each block, wherever the task runs. Output: calls of a function in the process of
the job. Cost: a call within the process, an increment of shared memory from a pool's process, and from a worker of a
cluster a message a second.
"""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any
from weakref import WeakSet

TOPIC = "mvn-dask-blocks"
"""Topic of distributed's events that carries counts: one for all runs, since a scheduler keeps a log of each topic."""
MESSAGE_SECONDS = 1.0
"""Seconds between two messages of a worker about a run, at least."""
POLL_SECONDS = 0.1
"""Seconds between two readings of the memory that a pool's processes count in."""

_run: ContextVar[str | None] = ContextVar("_run", default=None)
"""Identity of the run that the task in this thread belongs to."""
_listeners: dict[str, Callable[[int], None]] = {}
"""In the process of a job: what is called with the blocks of each run."""
_pool_counter: ContextVar[Any] = ContextVar("_pool_counter", default=None)
"""In the process of a job: the counter that its pool's processes share."""
_shared_counter: Any = None
"""In a process of a pool: the same."""
_subscribed: WeakSet[Any] = WeakSet()
"""Clients that get messages."""
_unsent: dict[str, tuple[int, float]] = {}
"""In a worker: blocks of each run that no message has counted, and when the last one was sent."""
_lock = threading.Lock()


@contextmanager
def blocks_counted(run: str, listener: Callable[[int], None], client: Any) -> Iterator[None]:
    """Inside the body, `listener` is called with counts of the blocks that tasks of a run do, in any thread."""
    _listeners[run] = listener
    ended = threading.Event()
    counter = _pool_counter.get()
    try:
        if client is not None and client not in _subscribed:
            with suppress(Exception):  # a scheduler that is gone is noticed by whoever submits to it
                client.subscribe_topic(TOPIC, _pass_on)
                _subscribed.add(client)
        if counter is not None:
            args = counter, listener, ended
            threading.Thread(target=_poll, args=args, daemon=True, name="mvn-dask-blocks").start()
        yield
    finally:
        ended.set()
        del _listeners[run]


@contextmanager
def pool_counter(counter: Any) -> Iterator[None]:
    """Runs that begin inside the body read this counter, a shared integer, which a pool's processes add to."""
    token = _pool_counter.set(counter)
    try:
        yield
    finally:
        _pool_counter.reset(token)


def count_in(counter: Any) -> None:
    """In a process of a pool: add blocks to a counter."""
    global _shared_counter
    _shared_counter = counter


@contextmanager
def task_of_run(run: str) -> Iterator[None]:
    """Inside the body, `count_block` counts for this run."""
    token = _run.set(run)
    try:
        yield
    finally:
        _run.reset(token)
        with _lock:
            count, _ = _unsent.pop(run, (0, 0.0))
        if count:
            _send(run, count)


def count_block() -> None:
    """In a task, after each block: one more is done."""
    run = _run.get()
    if run is None:
        return
    if (listener := _listeners.get(run)) is not None:
        listener(1)
    elif _shared_counter is not None:
        with _shared_counter.get_lock():
            _shared_counter.value += 1
    else:
        now = time.monotonic()
        with _lock:
            count, sent = _unsent.get(run, (0, now - MESSAGE_SECONDS))
            due = now - sent >= MESSAGE_SECONDS
            _unsent[run] = (0, now) if due else (count + 1, sent)
        if due:
            _send(run, count + 1)


def _send(run: str, count: int) -> None:
    distributed = sys.modules.get("distributed")
    # Without a connection, or in a process that is no worker: what is not sent is counted when the task ends.
    with suppress(Exception):
        if distributed is not None:
            distributed.get_worker().log_event(TOPIC, (run, count))


def _pass_on(event: tuple[float, Any]) -> None:
    run, count = event[1]
    listener = _listeners.get(run)
    if listener is not None:
        listener(count)


def _poll(counter: Any, listener: Callable[[int], None], ended: threading.Event) -> None:
    seen = counter.value
    while not ended.wait(POLL_SECONDS):
        now = counter.value
        if now > seen:
            listener(now - seen)
        seen = now
