"""Files of a folder as S3 gives objects, on a loopback port: only what the model server asks for, which is GET and HEAD."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bench.serve.loopback import answering


@contextmanager
def object_server(root: Path) -> Iterator[str]:
    """``/bucket/key`` is ``root/bucket/key``; the address."""

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(body_too=True)

        def do_HEAD(self) -> None:
            self._answer(body_too=False)

        def _answer(self, *, body_too: bool) -> None:
            path = root / unquote(urlsplit(self.path).path).lstrip("/")
            found = path.is_file() and path.resolve().is_relative_to(root.resolve())
            body = path.read_bytes() if found else b""
            self.send_response(200 if found else 404)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("ETag", f'"{len(body)}"')
            self.end_headers()
            if body_too:
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    with answering(Answer) as address:
        yield address
