"""One HTTP exchange with a model server, and what a container is told and answers."""

import contextlib
import http.client
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from local.sagemaker.store import Record

_ATTRIBUTES_HEADER = "X-Amzn-SageMaker-Custom-Attributes"
_FORWARDED = {
    "ContentType": "Content-Type",
    "Accept": "Accept",
    "CustomAttributes": _ATTRIBUTES_HEADER,
    "InferenceId": "X-Amzn-SageMaker-Inference-Id",
}


class NotTakenError(ConnectionError):
    """The server accepts no connection, so that it cannot have done anything about the request."""


@dataclass(frozen=True, kw_only=True)
class ModelAnswer:
    """A model server's HTTP answer."""

    status: int
    content_type: str
    body: bytes
    custom_attributes: str | None = None

    @property
    def failed(self) -> bool:
        """Whether the server did not answer with success."""
        return self.status >= http.HTTPStatus.MULTIPLE_CHOICES

    @property
    def side(self) -> str:
        """Whose error it is, in SageMaker's words."""
        return "client" if self.status < http.HTTPStatus.INTERNAL_SERVER_ERROR else "server"


class Exchange:
    """One request to the server at a port of this machine, and its answer."""

    def __init__(self, port: int, *, seconds: float) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
        self._seconds = seconds
        self._socket: socket.socket | None = None
        self._ended = self._late = False

    def run(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> ModelAnswer:
        """Send the request and read the whole answer.

        Raises TimeoutError after so many seconds, however much of the answer has come by then; NotTakenError where nobody
        accepts the connection; another ConnectionError where it ends early, by the server or by `end`. The connection is closed then,
        by which the server can notice that nobody waits any more.
        """
        clock = threading.Timer(self._seconds, self._run_out)
        clock.daemon = True
        clock.start()
        try:
            return self._exchange(method, path, body, headers or {})
        except (OSError, http.client.HTTPException) as error:
            if self._late or isinstance(error, TimeoutError):
                raise TimeoutError(f"no answer within {self._seconds:g} seconds") from error
            if isinstance(error, NotTakenError):
                raise
            raise ConnectionError(f"{type(error).__name__}: {error}") from error
        finally:
            clock.cancel()
            self._connection.close()

    def end(self) -> None:
        """Close the connection, from another thread: nobody waits for the answer any more."""
        self._ended = True
        if self._socket:
            with contextlib.suppress(OSError):  # the other side was faster
                self._socket.shutdown(socket.SHUT_RDWR)

    def _run_out(self) -> None:
        self._late = True
        self.end()

    def _exchange(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> ModelAnswer:
        try:
            self._connection.connect()
        except ConnectionError as error:
            raise NotTakenError(str(error)) from error
        self._socket = self._connection.sock  # the connection forgets it while an answer is read that ends with it
        if self._ended:
            raise ConnectionAbortedError("nobody waits any more")
        self._connection.request(method, path, body=body, headers=headers)
        answer = self._connection.getresponse()
        return ModelAnswer(
            status=answer.status,
            content_type=answer.headers.get("Content-Type", "application/octet-stream"),
            body=answer.read(),
            custom_attributes=answer.headers.get(_ATTRIBUTES_HEADER),
        )


def forwarded_headers(params: Record) -> dict[str, str]:
    """The headers a container gets from an invocation."""
    headers = {"Content-Type": "application/octet-stream", "Accept": "*/*"}
    return headers | {_FORWARDED[name]: value for name, value in params.items() if name in _FORWARDED}
