"""What is sent to a receiver's address, over a connection, and what becomes of it."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread

import pytest

from atelier_ops.gateways import receivers
from atelier_ops.gateways.receivers import Parcel, Receipt, Receivers

BODY = b'{"status": "succeeded"}'


class Listening:
    """A server that answers one connection with these bytes, and keeps what it heard."""

    def __init__(self, answer: bytes) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self._answer, self.heard = answer, b""
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}/told?by=atelier"
        self._thread = Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        connection, _ = self._server.accept()
        with connection, suppress(ConnectionError):  # whoever has read enough goes away
            while BODY not in self.heard and (block := connection.recv(4_096)):
                self.heard += block
            connection.sendall(self._answer)

    def close(self) -> None:
        self._thread.join()
        self._server.close()


@contextmanager
def listening(answer: bytes) -> Iterator[Listening]:
    server = Listening(answer)
    try:
        yield server
    finally:
        server.close()


def send(url: str) -> Receipt:
    (receipt,) = Receivers("loopback").post([Parcel(url=url, headers={"webhook-id": "msg_1"}, body=BODY)])
    return receipt


@pytest.mark.parametrize(
    ("answer", "status", "arrived"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, True),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, True),
        (b"HTTP/1.0 202\r\n\r\n", 202, True),
        (b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", 200, True),
        (b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\n\r\n", 302, False),
        (b"HTTP/1.1 500 Internal Server Error\r\n\r\n" + b"x" * 1_000, 500, False),
    ],
)
def test_the_status_of_the_answer_is_what_counts(answer: bytes, status: int, arrived: bool) -> None:
    with listening(answer) as server:
        receipt = send(server.url)
    assert (receipt.status, receipt.arrived, receipt.problem) == (status, arrived, "")
    head, _, body = server.heard.partition(b"\r\n\r\n")
    assert body == BODY
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /told?by=atelier HTTP/1.1"
    assert {"webhook-id: msg_1", "Content-Type: application/json", f"Content-Length: {len(BODY)}"} <= set(lines)


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 \r\n\r\n", b"A" * 40_000])
def test_what_is_no_answer_is_a_failure(answer: bytes) -> None:
    with listening(answer) as server:
        receipt = send(server.url)
    assert receipt.problem
    assert not receipt.arrived


def test_nobody_there_is_a_failure() -> None:
    with listening(b"") as server:
        url = server.url
        socket.create_connection(("127.0.0.1", int(url.split(":")[2].split("/")[0]))).close()
    assert send(url).problem.startswith("ConnectionRefusedError")


def test_one_that_says_nothing_is_waited_for_no_longer_than_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receivers, "SECONDS", 0.1)
    silent = socket.create_server(("127.0.0.1", 0))
    with silent:
        assert send(f"http://127.0.0.1:{silent.getsockname()[1]}/").problem == "no answer within 0.1 s"


@pytest.mark.parametrize("address", ["169.254.169.254", "10.0.0.1", "127.0.0.1", "::1", "fe80::1%eth0"])
def test_a_name_that_leads_inside_is_not_connected_to(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Rebound(Receivers):
        def resolve(self, host: str, port: int) -> list[tuple[socket.AddressFamily, tuple[str, int]]]:
            return [(socket.AF_INET, ("93.184.216.34", port)), (socket.AF_INET, (address, port))]

    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("it connected"))
    (receipt,) = Rebound("public").post([Parcel(url="https://example.com/", headers={}, body=BODY)])
    assert "which leads to" in receipt.problem
