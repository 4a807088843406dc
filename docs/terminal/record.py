"""Run the commands on a terminal of their own, one after the other, and keep what it shows."""

import fcntl
import json
import os
import pty
import shlex
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from docs.terminal.screen import Screen

COLUMNS, LINES = 92, 30
_START = "import sys; from cli.main import main; sys.exit(main())"
_ROOT = Path(__file__).resolve().parents[2]
_WAIT_SECONDS = 300.0


class RecordingError(RuntimeError):
    """A command of the picture failed; what it showed comes with it."""


def command(words: Sequence[str]) -> list[str]:
    """``atelier`` with these words, as this tree has it."""
    return [sys.executable, "-c", _START, *words]


def surroundings() -> dict[str, str]:
    """The environment of a person with a good terminal, who names no stage."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ATELIER_", "AWS_", "NO_COLOR"))}
    paths = [str(_ROOT / part) for part in ("", "lambdas", "training", "inference")]
    return kept | {"TERM": "xterm-256color", "COLORTERM": "truecolor", "PYTHONPATH": os.pathsep.join(paths)}


def shown(words: Sequence[str], folder: Path) -> Screen:
    """What a terminal shows when the command has ended. Raises RecordingError where it failed."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.execvpe(sys.executable, command(words), surroundings())  # noqa: S606 - its output must be a terminal's
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    screen = Screen(columns=COLUMNS)
    screen.write(_all_of(terminal).decode())
    _, status = os.waitpid(pid, 0)
    if os.waitstatus_to_exitcode(status):
        raise RecordingError("\n".join([f"atelier {shlex.join(words)}", *screen.lines]))
    return screen


def _all_of(terminal: int) -> bytes:
    parts = list[bytes]()
    while True:
        try:
            part = os.read(terminal, 65_536)
        except OSError:  # Linux says so when the last process of the terminal has ended
            part = b""
        if not part:
            os.close(terminal)
            return b"".join(parts)
        parts.append(part)


@contextmanager
def local_cloud(folder: Path) -> Iterator[Mapping[str, str]]:
    """A local cloud in ``out/local`` of the folder, where the commands look for one; its addresses."""
    words = command(["up", "--port", str(_free_port()), "--json"])
    with subprocess.Popen(words, cwd=folder, env=surroundings(), stdout=subprocess.PIPE, text=True) as cloud:
        assert cloud.stdout is not None
        try:
            text = ""
            while not text.rstrip().endswith("}"):
                if not (line := cloud.stdout.readline()):
                    raise RecordingError("the local cloud did not start")
                text += line
            yield json.loads(text)
        finally:
            cloud.terminate()


def _free_port() -> int:
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def wait_for(words: Sequence[str], status: str, folder: Path) -> None:
    """Ask the command for its JSON until it says the status. Raises RecordingError where that takes too long."""
    end = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < end:
        answer = subprocess.run(
            command([*words, "--json"]), cwd=folder, env=surroundings(), capture_output=True, text=True, check=True
        )
        if json.loads(answer.stdout)["status"] == status:
            return
        time.sleep(1)
    raise RecordingError(f"atelier {shlex.join(words)}: not {status} within {_WAIT_SECONDS:.0f} s")
