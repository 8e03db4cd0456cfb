import multiprocessing
import signal
import subprocess
import sys
import threading
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import psutil
import pytest

from mvn_dask.job.signal_masking import SIGNALS, dask_setup, ignore_signals, initialize_pool_process, signals_blocked

SEMAPHORES = Path("/dev/shm")  # noqa: S108 where Linux keeps them
NUMBERS = set(SIGNALS)
BLOCKED = "import signal; print(sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])))"


def test_processes_and_threads_that_start_inside_receive_nothing() -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    seen: list[set[int]] = []
    with signals_blocked():
        child = subprocess.run([sys.executable, "-c", BLOCKED], capture_output=True, text=True, check=True)
        thread = threading.Thread(target=lambda: seen.append(set(signal.pthread_sigmask(signal.SIG_BLOCK, []))))
        thread.start()
        thread.join()
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == before
    assert seen[0] >= NUMBERS
    assert all(str(int(number)) in child.stdout or number.name in child.stdout for number in NUMBERS)
    outside = subprocess.run([sys.executable, "-c", BLOCKED], capture_output=True, text=True, check=True)
    assert outside.stdout == "[]\n"


def test_a_signal_waits_until_the_end_of_the_body() -> None:
    received: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, _: received.append(number))
    try:
        with signals_blocked():
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
            assert received == []
        assert received == [signal.SIGUSR1]
    finally:
        signal.signal(signal.SIGUSR1, before)


TRACKER = """
import multiprocessing, os, signal, sys
from multiprocessing import resource_tracker
from mvn_dask.job.signal_masking import signals_blocked
if __name__ == "__main__":
    before = list(sys.warnoptions)
    with signals_blocked():
        lock = multiprocessing.get_context("spawn").Lock()
    assert sys.warnoptions == before
    print(lock._semlock.name, flush=True)
    os.kill(resource_tracker._resource_tracker._pid, signal.SIGUSR1)
    os.kill(resource_tracker._resource_tracker._pid, signal.SIGTERM)
    os._exit(3)
"""


def test_the_resource_tracker_survives_signals_and_cleans_up_silently() -> None:
    done = subprocess.run([sys.executable, "-c", TRACKER], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout.startswith("/mp-")
    assert not (SEMAPHORES / f"sem.{done.stdout.strip().removeprefix('/')}").exists()


def handlers() -> list[object]:
    return [signal.getsignal(number) for number in sorted(NUMBERS)]


def test_a_process_of_a_pool_ignores_signals_and_follows_the_event() -> None:
    context = multiprocessing.get_context("spawn")
    event = context.Event()
    with ProcessPoolExecutor(1, context, initializer=initialize_pool_process, initargs=(event,)) as pool:
        assert pool.submit(handlers).result() == [signal.SIG_IGN] * 3
        event.set()


POOL = """
import multiprocessing, os
from concurrent.futures import ProcessPoolExecutor
from mvn_dask.job.signal_masking import initialize_pool_process
if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context, initializer=initialize_pool_process, initargs=(context.Event(),)) as pool:
        print(pool.submit(os.getpid).result(), flush=True)
        input()
"""


@pytest.mark.faults
def test_a_process_of_a_pool_ends_with_its_parent() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", POOL],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        child = psutil.Process(int(process.stdout.readline()))
        process.kill()
    psutil.wait_procs([child], timeout=20.0)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_ignoring() -> None:
    before = handlers()
    try:
        ignore_signals()
        assert handlers() == [signal.SIG_IGN] * 3
    finally:
        for number, handler in zip(sorted(NUMBERS), before, strict=True):
            signal.signal(number, handler)  # type: ignore[arg-type]


def test_a_worker_that_is_a_thread_of_ours_changes_nothing() -> None:
    before = handlers()
    thread = threading.Thread(target=dask_setup, args=(None,))
    thread.start()
    thread.join()
    assert handlers() == before
