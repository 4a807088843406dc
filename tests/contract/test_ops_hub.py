"""The hub's two routes, spoken by a small server of our own: pages, hashes, downloads, refusals."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from atelier_ops.errors import SourceFileError
from atelier_ops.gateways.hub import TRIES, Hub, HubFile

LARGE = {
    "type": "file",
    "path": "unet/a b.safetensors",
    "size": 5,
    "oid": "pointer",
    "lfs": {"oid": "f" * 64, "size": 5},
}
SMALL = {"type": "file", "path": "model_index.json", "size": 2, "oid": "0" * 40}
FOLDER = {"type": "directory", "path": "unet", "size": 0, "oid": "1" * 40}


class _Server(ThreadingHTTPServer):
    """``refusals`` are the next answers: status codes, each with its Retry-After."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Hub)
        self.refusals: list[tuple[int, str]] = []
        self.waits: list[float] = []
        self.hub = Hub(f"http://127.0.0.1:{self.server_port}", wait=self.waits.append)


class _Hub(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        routes = {
            "/api/models/owner/name/tree/abc?recursive=true": json.dumps([FOLDER, SMALL]),
            "/api/models/owner/name/tree/abc?recursive=true&cursor=2": json.dumps([LARGE]),
            "/owner/name/resolve/abc/unet/a%20b.safetensors": "bytes",
        }
        if self.server.refusals:
            code, after = self.server.refusals.pop(0)
            self.send_response(code)
            self.send_header("Retry-After", after)
            self.end_headers()
            return
        body = routes.get(self.path)
        self.send_response(404 if body is None else 200)
        if self.path.endswith("recursive=true"):
            host = self.headers["Host"]
            self.send_header("Link", f'<http://{host}{self.path}&cursor=2>; rel="next"')
        self.end_headers()
        self.wfile.write((body or "").encode())

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[_Server]:
    with _Server() as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def hub(server: _Server) -> Hub:
    return server.hub


def test_a_tree_is_read_to_its_last_page_with_the_hash_of_each_file(hub: Hub) -> None:
    assert hub.tree("owner/name", "abc") == [
        HubFile(path="model_index.json", size=2, blob="0" * 40),
        HubFile(path="unet/a b.safetensors", size=5, sha256="f" * 64),
    ]


def test_a_file_is_streamed(hub: Hub) -> None:
    with hub.open("owner/name", "abc", "unet/a b.safetensors") as stream:
        assert (stream.read(3), stream.read(3)) == (b"byt", b"es")


def test_what_the_hub_does_not_have_is_named(hub: Hub) -> None:
    with pytest.raises(SourceFileError, match=r"owner/gone.*404"):
        hub.tree("owner/gone", "abc")


def test_a_busy_or_broken_hub_is_asked_again_when_it_says_so(server: _Server) -> None:
    server.refusals = [(429, "7"), (503, ""), (500, "Wed, 21 Oct 2026 07:28:00 GMT"), (429, "3600")]
    assert len(server.hub.tree("owner/name", "abc")) == 2
    assert server.waits == [7, 2, 4, 60]


def test_a_hub_that_stays_busy_is_named_with_the_number_of_tries(server: _Server) -> None:
    server.refusals = [(429, "1")] * TRIES
    with pytest.raises(SourceFileError, match=rf"owner/name.*429.*{TRIES} of {TRIES} tries"):
        server.hub.tree("owner/name", "abc")
    assert len(server.waits) == TRIES - 1


def test_a_refusal_is_final(server: _Server) -> None:
    server.refusals = [(403, "1")]
    with pytest.raises(SourceFileError, match="403"):
        server.hub.tree("owner/name", "abc")
    assert server.waits == []


def test_a_hub_that_cannot_be_reached_is_named() -> None:
    waits: list[float] = []
    with pytest.raises(SourceFileError, match=r"127\.0\.0\.1:9"):
        Hub("http://127.0.0.1:9", wait=waits.append).tree("owner/name", "abc")
    assert waits == [1, 2, 4, 8]
