"""An exchange with a model server ends when its time is over or nobody waits any more, whatever the server does meanwhile."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from local.sagemaker.invocation import Exchange, NotTakenError

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"


@contextmanager
def trickling(*, connected: threading.Event) -> Iterator[tuple[int, threading.Event]]:
    """A server's port that answers a byte now and then, without end; the event says that its caller has closed the connection."""
    gone = threading.Event()

    def serve() -> None:
        connection, _ = listener.accept()
        connected.set()
        with connection:
            connection.settimeout(0.02)
            connection.sendall(_HEAD)
            while not gone.is_set():
                try:
                    connection.sendall(b".")
                    if not connection.recv(65536):
                        gone.set()
                except TimeoutError:
                    continue
                except OSError:
                    gone.set()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1], gone
        thread.join()


def test_an_answer_that_trickles_ends_with_the_time_and_the_server_notices() -> None:
    with trickling(connected=threading.Event()) as (port, gone):
        with pytest.raises(TimeoutError, match=r"no answer within 0\.2 seconds"):
            Exchange(port, seconds=0.2).run("POST", "/invocations", b"{}")
        assert gone.wait(10)


def test_an_exchange_that_nobody_waits_for_is_ended_from_outside() -> None:
    connected = threading.Event()
    with trickling(connected=connected) as (port, gone):
        exchange = Exchange(port, seconds=60)

        def leave() -> None:
            connected.wait()
            exchange.end()

        threading.Thread(target=leave, daemon=True).start()
        with pytest.raises(ConnectionError):
            exchange.run("POST", "/invocations", b"{}")
        assert gone.wait(10)
        given_up = Exchange(port, seconds=60)
        given_up.end()
        with pytest.raises(ConnectionError, match="nobody waits any more"):
            given_up.run("POST", "/invocations", b"{}")


def test_a_refused_connection_has_an_error_of_its_own() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(NotTakenError):
        Exchange(port, seconds=60).run("POST", "/invocations", b"{}")
