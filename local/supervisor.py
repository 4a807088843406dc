"""The process between a LocalCloud and its server: when either ends, everything the server started ends too.

The parent holds the other end of its standard input, which therefore ends even when the parent is killed.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence

import psutil

_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h: orphans of our descendants become our children, so none is lost
STOP_SECONDS = 5.0
_SWEEP_SECONDS = 2.0
_REAP_SECONDS = 0.2


def supervise(command: Sequence[str]) -> int:
    """Run `command` until it ends or standard input does; its exit code."""
    _adopt_orphans()
    # The parent handles a Ctrl-C at the terminal, and then closes standard input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    server = subprocess.Popen(command, stdin=subprocess.PIPE)
    ended = threading.Event()
    threading.Thread(target=_wait_for_parent, args=(ended,), daemon=True).start()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    while server.poll() is None and not ended.wait(_REAP_SECONDS):
        _reap_orphans(server.pid)
    _stop(server)
    _sweep()
    return server.returncode


def _adopt_orphans() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _reap_orphans(server: int) -> None:
    """Collect adopted children that have ended; the server itself is waited for elsewhere."""
    if sys.platform != "linux":
        return
    with contextlib.suppress(ChildProcessError):
        while (done := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) and done.si_pid != server:
            os.waitpid(done.si_pid, 0)


def _wait_for_parent(ended: threading.Event) -> None:
    while os.read(0, 1024):
        pass
    ended.set()


def _stop(server: "subprocess.Popen[bytes]") -> None:
    """SIGTERM, and SIGKILL after a while; its descendants are noted first, so that they can be found without it."""
    victims = _descendants()
    with contextlib.suppress(ProcessLookupError):
        server.terminate()
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
    kill(victims)


def _sweep() -> None:
    """Kill what is left below this process until nothing is."""
    while victims := _descendants():
        kill(victims)
        psutil.wait_procs(victims, timeout=_SWEEP_SECONDS)


def _descendants() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def kill(processes: Sequence[psutil.Process]) -> None:
    """SIGKILL to the processes that have not ended."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


if __name__ == "__main__":
    sys.exit(supervise(sys.argv[1:]))
