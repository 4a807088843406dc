"""Runs as a process of its own: imports a module once, and then forks a process for each request, which has it already.

A request is a message on the socket whose number is the first argument: JSON with the arguments of ``python -m``, environment and
working folder, and two descriptors: the new process's output, and where to write its number and, once it has ended, its exit code. It ends
with the socket, or when nobody has asked for a while. Nothing of the local cloud is imported here: a container's modules are its image's.
"""

import sys

sys.path.pop(0)  # this file's own folder, which `python -m` would not have

import ctypes
import gc
import importlib
import json
import os
import runpy
import select
import socket
import tempfile
import threading
from pathlib import Path
from typing import Any

IDLE_SECONDS = 600.0
_LARGEST_REQUEST = 1 << 20


def serve(control: socket.socket) -> dict[str, Any] | None:
    """Fork for each request. Returns None when there is nothing more to do and, in each new process, the request that it is for."""
    running: dict[int, tuple[int, int]] = {}  # by the descriptor of a process: its number, and where to tell its end
    while True:
        ready, _, _ = select.select([control.fileno(), *running], [], [], None if running else IDLE_SECONDS)
        for process in [each for each in running if each in ready]:
            number, told = running.pop(process)
            _tell(told, os.waitstatus_to_exitcode(os.waitpid(number, 0)[1]))
            os.close(told)
            os.close(process)
        if control.fileno() not in ready:
            if not ready:
                return None
            continue
        message, descriptors, _, _ = socket.recv_fds(control, _LARGEST_REQUEST, 2)
        if not message:
            return None
        output, told = descriptors
        if (number := os.fork()) == 0:
            control.detach()
            request: dict[str, Any] = json.loads(message)
            _begin(request, output)
            return request
        running[os.pidfd_open(number)] = (number, told)
        _tell(told, number)
        os.close(output)


def _tell(descriptor: int, number: int) -> None:
    try:
        os.write(descriptor, f"{number}\n".encode())
    except BrokenPipeError:  # whoever asked is gone
        return


def _begin(request: dict[str, Any], output: int) -> None:
    """Be what ``python -m`` would be: session, descriptors, folder, environment, arguments; no random number is drawn by two processes."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    os.chdir(request["folder"])
    locale = {
        name: value for name, value in os.environ.items() if name == "LC_CTYPE"
    }  # where Python sets it, so as here (PEP 538)
    os.environ.clear()
    os.environ.update(locale | request["environment"])
    _show([sys.executable, "-m", *request["arguments"]], dict(os.environ))
    sys.path[0] = request["folder"]  # in the place of the empty one
    sys.orig_argv = [sys.executable, "-m", *request["arguments"]]
    sys.argv = ["-m", *request["arguments"][1:]]
    tempfile.tempdir = None
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed()  # Python's own generator sees to it by itself, and torch's begins with the same number in every process


def _show(command: list[str], environment: dict[str, str]) -> None:
    """Let the system say of this process, as ps does, what it would say of one that was started, as far as there is room.

    It reads that where the kernel put it at the start (``man 5 proc``, stat): there it is overwritten. Nothing else reads it any more.
    """
    fields = Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    places = [int(field) for field in fields[45:49]]  # arg_start, arg_end, env_start, env_end
    variables = [f"{name}={value}" for name, value in environment.items()]
    for (begin, end), texts in zip((places[:2], places[2:]), (command, variables), strict=True):
        size = end - begin
        shown = b"".join(os.fsencode(text) + b"\0" for text in texts)[: size - 1]
        ctypes.memmove(begin, shown.ljust(size, b"\0"), size)


def main() -> dict[str, Any] | None:
    """Import what the second argument names, and serve."""
    control = socket.socket(fileno=int(sys.argv[1]))
    sys.path.insert(0, "")
    gc.disable()  # a million new objects, none of them garbage
    importlib.import_module(sys.argv[2])
    if threading.active_count() > 1:
        sys.exit(f"{sys.argv[2]} has started threads, which no new process would have")
    gc.freeze()
    gc.enable()
    return serve(control)


if __name__ == "__main__":
    if job := main():
        runpy.run_module(job["arguments"][0], run_name="__main__", alter_sys=True)
