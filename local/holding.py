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
    """Who holds a folder, as the lock says, and the process that does: another one where the one that started the cloud is gone.

    ``process`` is None where it cannot be seen from here, as in another container.
    """

    pid: int
    command: str
    process: psutil.Process | None

    def __str__(self) -> str:
        return f"pid {self.pid} ({self.command})" if self.command else "a process that has not said its name"


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
        taken = f"{folder} is held by {_holder(folder)}; allowed: one local cloud a folder: stop that one, or use another --out"
        raise LocalCloudError(taken) from error
    command = shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])
    if not is_held(folder, lock):  # who held it until now has removed it
        lock.close()
        return hold_folder(folder)
    os.ftruncate(lock.fileno(), 0)
    try:
        os.write(lock.fileno(), json.dumps({"pid": os.getpid(), "command": command}).encode())
    except OSError as error:
        lock.close()
        raise LocalCloudError(f"{folder} cannot be written: {error.strerror}") from error
    return lock


def is_held(folder: Path, lock: IO[bytes]) -> bool:
    """Whether ``lock`` is still that of ``folder``, which may have been moved, or removed and made again."""
    try:
        return os.path.samestat((folder / LOCK).stat(), os.fstat(lock.fileno()))
    except FileNotFoundError:
        return False


def require_free(port: int) -> None:
    """Return if ``port`` of 127.0.0.1 can be bound; 0 stands for any. Raises LocalCloudError that names the holder."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError as error:
            raise LocalCloudError(f"port {port} is taken {_listener(port)}; use another --port") from error


def end_leftovers(folder: Path) -> None:
    """Kill what has its temporary files below ``folder``: the server, jobs, model servers and workers of an earlier cloud.

    To be called by who holds it.
    """
    kill(list(processes_of(folder)))


def processes_of(folder: Path) -> Iterator[psutil.Process]:
    """The processes of the local cloud in ``folder``, but for the one that started it: those with their temporary files below it.

    A shell or an editor that somebody has opened there is none of them.
    """
    for process in _own_processes():
        with contextlib.suppress(psutil.Error):
            if Path(process.environ().get("TMPDIR", "/")).is_relative_to(folder):
                yield process


def holder(folder: Path) -> Holder | None:
    """Who holds the folder, None where nobody does."""
    if not (folder / LOCK).exists():
        return None
    with (folder / LOCK).open("rb") as lock, contextlib.suppress(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None
    return _holder(folder)  # closed again: this process does not hold it


def _holder(folder: Path) -> Holder:
    """Who holds ``folder``, which is held. The lock may not say it yet, or in the words of another version."""
    try:
        note = json.loads((folder / LOCK).read_text(encoding="utf-8"))
        pid, command = int(note["pid"]), str(note["command"])
    except (OSError, ValueError, TypeError, KeyError):
        pid, command = 0, ""
    holding = {process.pid: process for process in _own_processes() if _has_open(process, folder / LOCK)}
    return Holder(pid=pid, command=command, process=holding.get(pid) or next(iter(holding.values()), None))


def _has_open(process: psutil.Process, path: Path) -> bool:
    with contextlib.suppress(psutil.Error):
        return any(Path(file.path) == path for file in process.open_files())
    return False


def _own_processes() -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.uids().real == os.getuid():
                yield process


def _listener(port: int) -> str:
    """The process that listens at ``port``; of a local cloud, the one that started it."""
    holder = _process_at(port)
    if holder is None:
        return "by a process that this user cannot see"
    words = holder.cmdline()
    if SERVER in words:
        folder = Path(words[words.index(SERVER) + 1])
        return f"by {_holder(folder)}, a local cloud in {folder}"
    return f"by pid {holder.pid} ({shlex.join(words)[:100]})"


def _process_at(port: int) -> psutil.Process | None:
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            for connection in process.net_connections("tcp"):
                if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port:
                    return process
    return None
