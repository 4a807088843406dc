"""Where a run's clients are told what they wanted to know: servers on this machine that are down, slow or broken until they are mended."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from atelier import verify_webhook
from atelier.errors import WebhookError
from tests.chaos.history import round_of, shown
from tests.chaos.messages import LASTING, Manner, Message

_STATUS = {Manner.BROKEN: 500, Manner.BUSY: 429, Manner.REDIRECTING: 307, Manner.GONE: 410, Manner.DEAD: 500}
_TAKEN = 204
_SLOW_SECONDS = 14.0
"""Longer than whoever tells waits (10)."""

_READ_SECONDS = 60.0
_LOOK_SECONDS = 0.02
"""How often a server looks whether it is to end; there are ten, which end one after the other."""


@dataclass(kw_only=True)
class Receivers:
    """One receiver of each manner; safe to use from many threads. ``secret`` is what the API says that messages are signed with."""

    secret: str
    mended: threading.Event = field(default_factory=threading.Event)
    late: bool = False
    """Whether clocks are far ahead: what comes now for the first time was not sent when it was time."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _heard: list[Message] = field(default_factory=list)
    _strayed: list[str] = field(default_factory=list)
    _servers: dict[Manner | None, "_Server"] = field(default_factory=dict)
    """The one of no manner is where a redirect leads."""

    def url(self, manner: Manner, key: str) -> str:
        """Where the receiver of this manner is told of what this Idempotency-Key makes."""
        return f"{self._servers[manner].url}/{manner}/{key}"

    def mend(self) -> None:
        """Let all but the lasting ones take everything from now on."""
        self.mended.set()
        self._servers[Manner.DOWN].listen()

    def heard(self) -> tuple[Message, ...]:
        """Every message so far."""
        with self._lock:
            return tuple(self._heard)

    def strayed(self) -> tuple[str, ...]:
        """Requests that came to the address that a redirect names."""
        with self._lock:
            return tuple(self._strayed)

    def redirect(self, path: str) -> str:
        """Where one is sent that comes to a redirecting receiver."""
        return f"{self._servers[None].url}{path}"

    def hear(self, message: Message) -> None:
        """Keep a message."""
        with self._lock:
            self._heard.append(message)

    def stray(self, request: str) -> None:
        """Keep a request that followed a redirect."""
        with self._lock:
            self._strayed.append(request)

    def open(self) -> None:
        """Take a port for each; the one that is down listens later, and nobody else gets its port meanwhile."""
        for manner in (*Manner, None):
            self._servers[manner] = _Server(self, manner)
            if manner != Manner.DOWN:
                self._servers[manner].listen()

    def close(self) -> None:
        """Let go of all ports."""
        self.mended.set()
        for server in self._servers.values():
            server.end()


@contextmanager
def receiving(secret: str) -> Iterator[Receivers]:
    """Receivers that are there meanwhile."""
    receivers = Receivers(secret=secret)
    try:
        receivers.open()
        yield receivers
    finally:
        receivers.close()


class _Server(ThreadingHTTPServer):
    daemon_threads, request_queue_size = True, 128

    def __init__(self, receivers: Receivers, manner: Manner | None) -> None:
        super().__init__(("127.0.0.1", 0), _Hearing, bind_and_activate=False)
        self.receivers, self.manner = receivers, manner
        self._thread = threading.Thread(target=self.serve_forever, args=(_LOOK_SECONDS,), daemon=True)
        self.server_bind()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def listen(self) -> None:
        self.server_activate()
        self._thread.start()

    def end(self) -> None:
        if self._thread.is_alive():
            self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever sends may be killed in the middle of a message: then nothing was heard."""


class _Hearing(BaseHTTPRequestHandler):
    server: _Server
    timeout = _READ_SECONDS

    def do_POST(self) -> None:
        length, receivers = int(self.headers.get("Content-Length") or 0), self.server.receivers
        body, manner, late = self.rfile.read(length), self.server.manner, receivers.late
        if len(body) < length:
            return
        if manner is None:
            self.do_GET()
            return
        status = self._status(manner)
        # Kept before it is answered: whoever has the answer finds it here.
        receivers.hear(self._message(body, manner=manner, taken=status == _TAKEN, late=late))
        self._answer(status)

    def do_GET(self) -> None:
        self.server.receivers.stray(f"{self.command} {self.path}")

    def _status(self, manner: Manner) -> int:
        """What the receiver answers now, after as long as it takes; 0 where it hangs up in the middle."""
        mended = self.server.receivers.mended
        if manner == Manner.SLOW:
            mended.wait(_SLOW_SECONDS)
        is_ill = manner in LASTING or not mended.is_set()
        return (0 if manner == Manner.CUTTING else _STATUS.get(manner, _TAKEN)) if is_ill else _TAKEN

    def _answer(self, status: int) -> None:
        if not status:
            self.wfile.write(b"HTTP/1.1 20")
            return
        self.send_response(status)
        if status == _STATUS[Manner.REDIRECTING]:
            self.send_header("Location", self.server.receivers.redirect(self.path))
        self.end_headers()

    def _message(self, body: bytes, *, manner: Manner, taken: bool, late: bool) -> Message:
        name, told = self.headers.get("webhook-id", ""), json.loads(body)
        status, fixed = shown(told)
        try:
            moment = float(self.headers.get("webhook-timestamp", "0"))  # by a clock that the run puts wrong
            genuine = bool(verify_webhook(body, dict(self.headers), self.server.receivers.secret, now=moment))
        except (WebhookError, ValueError):
            genuine = False
        return Message(
            name=name,
            kind=name.rpartition("_")[2],
            manner=manner,
            key=self.path.rpartition("/")[2],
            id=round_of(told["id"], told["round"]) if "round" in told else told["id"],
            status=status,
            fixed=fixed,
            taken=taken,
            genuine=genuine,
            late=late,
        )

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """A run's output has no line for each message."""
