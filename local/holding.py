"""Who holds a folder or a port of this machine: what a second local cloud says instead of touching what the first one uses."""

import contextlib
import fcntl
import json
import os
import shlex
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

from local.errors import LocalCloudError
from local.supervisor import kill

LOCK = "lock"
SERVER = "local.server"


@dataclass(frozen=True, kw_only=True)
class Holder:
    """The process that started the cloud of a folder."""

    pid: int
    command: str


def hold_folder(folder: Path) -> IO[bytes]:
    """Lock ``folder`` until the answer and its copies in child processes are closed. Raises LocalCloudError that names the holder.

    Nothing in the folder is changed where somebody else holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)  # photos of people
    lock = (folder / LOCK).open("a+b")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        taken = (
            f"{folder} is held {_owner(folder)}; allowed: one local cloud a folder: stop that one, or use another --out"
        )
        raise LocalCloudError(taken) from error
    command = shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])
    lock.truncate(0)
    lock.write(json.dumps({"pid": os.getpid(), "command": command}).encode())
    lock.flush()
    return lock


def require_free(port: int) -> None:
    """Return if ``port`` of 127.0.0.1 can be bound; 0 stands for any. Raises LocalCloudError that names the holder."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError as error:
            raise LocalCloudError(f"port {port} is taken {_listener(port)}; use another --port") from error


def end_leftovers(folder: Path) -> None:
    """Kill the jobs, model servers and workers of an earlier server that have outlived it and its supervisor: those that run in ``folder``.

    To be called by who holds it.
    """
    kill(list(processes_in(folder)))


def processes_in(folder: Path) -> Iterator[psutil.Process]:
    """The processes of this user that run in ``folder``: jobs, model servers and workers of a local cloud."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.uids().real == os.getuid() and Path(process.cwd()).is_relative_to(folder):
                yield process


def holder(folder: Path) -> Holder | None:
    """Who holds the folder, None where nobody does."""
    if not (folder / LOCK).exists():
        return None
    with (folder / LOCK).open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return Holder(**json.loads(lock.read()))
    return None


def _owner(folder: Path) -> str:
    """What the lock of ``folder`` says of the process that took it."""
    try:
        note = json.loads((folder / LOCK).read_text(encoding="utf-8"))
        return f"by pid {note['pid']} ({note['command']})"
    except (OSError, ValueError):
        return "by a process that has not said its name"


def _listener(port: int) -> str:
    """The process that listens at ``port``; of a local cloud, the one that started it."""
    holder = _process_at(port)
    if holder is None:
        return "by a process that this user cannot see"
    words = holder.cmdline()
    if SERVER in words:
        folder = Path(words[words.index(SERVER) + 1])
        return f"{_owner(folder)}, a local cloud in {folder}"
    return f"by pid {holder.pid} ({shlex.join(words)[:100]})"


def _process_at(port: int) -> psutil.Process | None:
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            for connection in process.net_connections("tcp"):
                if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port:
                    return process
    return None
