"""A client's own web server on this machine, which is told by webhooks."""

import queue
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


class ToldServer:
    """Takes every POST; ``next`` gives them one by one."""

    def __init__(self) -> None:
        self._told: queue.Queue[tuple[dict[str, str], str]] = queue.Queue()
        told = self._told

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                told.put(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nothing: what it was told is what counts."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @property
    def address(self) -> str:
        """Where it is told."""
        return f"http://127.0.0.1:{self._server.server_port}/told"

    def next(self, *, seconds: float) -> tuple[dict[str, str], str]:
        """Headers and body of the next POST. Raises queue.Empty where none comes in time."""
        return self._told.get(timeout=seconds)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
