"""The hub's two routes, spoken by a small server of our own: pages, hashes, downloads, refusals."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from atelier_ops.errors import SourceFileError
from atelier_ops.gateways.hub import Hub, HubFile

LARGE = {
    "type": "file",
    "path": "unet/a b.safetensors",
    "size": 5,
    "oid": "pointer",
    "lfs": {"oid": "f" * 64, "size": 5},
}
SMALL = {"type": "file", "path": "model_index.json", "size": 2, "oid": "0" * 40}
FOLDER = {"type": "directory", "path": "unet", "size": 0, "oid": "1" * 40}


class _Hub(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        routes = {
            "/api/models/owner/name/revision/v%2F1": json.dumps({"sha": "c" * 40}),
            "/api/models/owner/name/tree/abc?recursive=true": json.dumps([FOLDER, SMALL]),
            "/api/models/owner/name/tree/abc?recursive=true&cursor=2": json.dumps([LARGE]),
            "/owner/name/resolve/abc/unet/a%20b.safetensors": "bytes",
        }
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
def hub() -> Iterator[Hub]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Hub) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield Hub(f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
        thread.join()


def test_a_branch_stands_for_a_commit(hub: Hub) -> None:
    assert hub.commit("owner/name", "v/1") == "c" * 40


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


def test_a_hub_that_cannot_be_reached_is_named() -> None:
    with pytest.raises(SourceFileError, match=r"127\.0\.0\.1:9"):
        Hub("http://127.0.0.1:9").commit("owner/name", "main")
