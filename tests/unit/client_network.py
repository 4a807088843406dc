"""What the client's operations meet in tests: a network that answers as told, a clock that only pauses move; and the API itself."""

import io
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, redirect_stdout
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx2

from atelier.client import AsyncAtelier, Atelier
from atelier.steps import HttpCall, HttpReply, Pause, Step, Steps, Together
from tests.unit.ops_api import Api

T = TypeVar("T")
Came = HttpReply | BaseException


def reply(status: int = 200, body: object = None, **headers: str) -> HttpReply:
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    return HttpReply(
        status=status, headers={name.replace("_", "-"): each for name, each in headers.items()}, content=content
    )


@dataclass
class Network:
    """``answers`` come one a request; ``calls`` and ``pauses`` are what was asked of it. A pause may be ``interrupted``."""

    answers: Sequence[Came]
    calls: list[HttpCall] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)
    interrupted: BaseException | None = None
    time: float = 1000.0

    def run(self, operation: Steps[T]) -> T:
        try:
            step = next(operation)
            while True:
                try:
                    came = self._take(step)
                except BaseException as error:  # noqa: BLE001 the operation decides
                    step = operation.throw(error)
                else:
                    step = operation.send(came)
        except StopIteration as end:
            result: T = end.value
            return result

    def _take(self, step: Step) -> Any:
        if isinstance(step, HttpCall):
            self.calls.append(step)
            came = self.answers[len(self.calls) - 1]
            if isinstance(came, BaseException):
                raise came
            return came
        if isinstance(step, Together):
            return [self.run(each) for each in step.operations]
        if isinstance(step, Pause):
            self.pauses.append(step.seconds)
            self.time += step.seconds
            if self.interrupted:
                raise self.interrupted
            return None
        return self.time


@dataclass
class Served:
    """The real API on in-memory gateways, behind HTTP; ``lose`` answers of requests that it says yes to get lost on the way back."""

    api: Api = field(default_factory=Api)
    seen: list[httpx2.Request] = field(default_factory=list)
    lose: Callable[[httpx2.Request], bool] = lambda _: False
    at_once: AbstractContextManager[object] = field(default_factory=Lock)

    def client(self) -> Atelier:
        return Atelier("https://api.test/live/", "the-key", transport=httpx2.MockTransport(self.answer))

    def async_client(self) -> AsyncAtelier:
        async def answer(request: httpx2.Request) -> httpx2.Response:
            await request.aread()
            return self.answer(request)

        return AsyncAtelier("https://api.test/live/", "the-key", transport=httpx2.MockTransport(answer))

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        request.read()
        self.seen.append(request)
        response = self._storage(request) if request.url.host != "api.test" else self._api(request)
        if self.lose(request):
            raise httpx2.ReadError("the answer was lost", request=request)
        return response

    def _api(self, request: httpx2.Request) -> httpx2.Response:
        parts = urlsplit(str(request.url))
        names: Mapping[str, str] = {name.replace("-", "_"): each for name, each in request.headers.items()}
        path = parts.path.removeprefix("/live")
        body = request.content.decode() or None
        # Uploads come several at once. A function's router answers one at a time, and its metrics are taken off the process's one output.
        with self.at_once, redirect_stdout(io.StringIO()):
            answered = self.api.call(request.method, path, body, dict(request.url.params) or None, **names)
        content = b"" if answered.body is None else json.dumps(answered.body).encode()
        return httpx2.Response(answered.status, headers=answered.headers, content=content)

    def _storage(self, request: httpx2.Request) -> httpx2.Response:
        """S3, for addresses that the memory stores sign: ``?get``, or ``?put…`` of one size, perhaps once."""
        assert "x-api-key" not in request.headers
        bucket, key = request.url.host.removesuffix(".test"), request.url.path.removeprefix("/")
        store = self.api.buckets.store(bucket)
        if request.method == "GET":
            return httpx2.Response(200, content=store.read(key))
        there = (bucket, key) in self.api.buckets.objects
        wanted = request.url.params
        assert request.headers["content-type"] == wanted["type"]
        assert request.headers["content-length"] == wanted["size"] == str(len(request.content))
        if there and "once" in wanted:
            return httpx2.Response(412, content=b"<Error><Code>PreconditionFailed</Code></Error>")
        self.api.buckets.put(bucket, key, request.content)
        return httpx2.Response(200)
