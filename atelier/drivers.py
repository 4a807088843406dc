"""Who takes the steps: one driver blocks, the other is awaited."""

import time
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import anyio
import httpx2

from atelier.errors import UnreachableError
from atelier.steps import HttpCall, HttpReply, Pause, Step, Steps, Together

T = TypeVar("T")

AT_ONCE = 4
"""Operations of a Together that run at one time."""
CHUNK_BYTES = 256 * 1024
TIMEOUT_SECONDS = 60.0
_DIRECT: Mapping[str, None] = {"all://127.0.0.1": None, "all://localhost": None}
"""No proxy leads to a local cloud, whatever the environment says."""


@dataclass(frozen=True, kw_only=True)
class Access:
    """Where the API is, without a slash at the end, and the key. ``auth`` signs each request of stages that want it signed."""

    url: str
    key: str
    auth: httpx2.Auth | None = field(default=None, repr=False)

    def request(self, call: HttpCall) -> dict[str, Any]:
        """A call as httpx2 takes it: the key goes to the API, and nowhere else."""
        ours = call.address.startswith("/")
        headers = {**call.headers, **({"x-api-key": self.key} if ours and self.key else {})}
        if not isinstance(call.content, bytes | None):
            headers["content-length"] = str(call.content.stat().st_size)
        body = {} if call.body is None else {"json": call.body}
        return {
            "method": call.method,
            "url": f"{self.url}{call.address}" if ours else call.address,
            "headers": headers,
            **({"auth": self.auth} if ours and self.auth else {}),
            **body,
        }


class Blocking:
    """Runs operations in the caller's thread."""

    def __init__(self, access: Access, transport: httpx2.BaseTransport | None = None) -> None:
        self.access = access
        self._client = httpx2.Client(timeout=TIMEOUT_SECONDS, transport=transport, mounts={**_DIRECT})

    def run(self, operation: Steps[T]) -> T:
        """What the operation returns, or raises."""
        try:
            step = next(operation)
            while True:
                try:
                    came = self._take(step)
                except BaseException as error:  # noqa: BLE001 the operation decides, and raises it again
                    step = operation.throw(error)
                else:
                    step = operation.send(came)
        except StopIteration as end:
            result: T = end.value
            return result

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _take(self, step: Step) -> Any:
        if isinstance(step, HttpCall):
            return self._exchange(step)
        if isinstance(step, Together):
            return self._together(step)
        if isinstance(step, Pause):
            time.sleep(step.seconds)
            return None
        return time.monotonic()

    def _exchange(self, call: HttpCall) -> HttpReply:
        content = call.content if isinstance(call.content, bytes | None) else _parts(call)
        try:
            return _reply(self._client.request(**self.access.request(call), content=content))
        except httpx2.TransportError as error:
            raise _unreachable(call, self.access.url, error) from error

    def _together(self, step: Together) -> list[Any]:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            waiting = [pool.submit(self.run, each) for each in step.operations]
            try:
                return [each.result() for each in waiting]
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise


class Awaiting:
    """Runs operations in the caller's event loop, asyncio's or trio's."""

    def __init__(self, access: Access, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self.access = access
        self._client = httpx2.AsyncClient(timeout=TIMEOUT_SECONDS, transport=transport, mounts={**_DIRECT})

    async def run(self, operation: Steps[T]) -> T:
        """What the operation returns, or raises."""
        try:
            step = next(operation)
            while True:
                try:
                    came = await self._take(step)
                except BaseException as error:  # noqa: BLE001 the operation decides, and raises it again
                    step = operation.throw(error)
                else:
                    step = operation.send(came)
        except StopIteration as end:
            result: T = end.value
            return result

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _take(self, step: Step) -> Any:
        if isinstance(step, HttpCall):
            return await self._exchange(step)
        if isinstance(step, Together):
            return await self._together(step)
        if isinstance(step, Pause):
            return await anyio.sleep(step.seconds)
        return time.monotonic()

    async def _exchange(self, call: HttpCall) -> HttpReply:
        content = call.content if isinstance(call.content, bytes | None) else _parts_later(call)
        try:
            return _reply(await self._client.request(**self.access.request(call), content=content))
        except httpx2.TransportError as error:
            raise _unreachable(call, self.access.url, error) from error

    async def _together(self, step: Together) -> list[Any]:
        results: list[Any] = [None] * len(step.operations)
        room = anyio.CapacityLimiter(AT_ONCE)

        async def one(number: int, operation: Steps[Any]) -> None:
            async with room:
                results[number] = await self.run(operation)

        try:
            async with anyio.create_task_group() as group:
                for number, operation in enumerate(step.operations):
                    group.start_soon(one, number, operation)
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from failed
        return results


def _parts(call: HttpCall) -> Iterator[bytes]:
    """A file, read as it is sent."""
    assert not isinstance(call.content, bytes | None)
    with call.content.open("rb") as file:
        while part := file.read(CHUNK_BYTES):
            yield part
            if call.sent:
                call.sent(len(part))


async def _parts_later(call: HttpCall) -> AsyncIterator[bytes]:
    parts = _parts(call)
    while part := await anyio.to_thread.run_sync(next, parts, b""):
        yield part


def _reply(response: httpx2.Response) -> HttpReply:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return HttpReply(status=response.status_code, headers=headers, content=response.content)


def _unreachable(call: HttpCall, url: str, error: httpx2.TransportError) -> UnreachableError:
    at = f" at {url}" if call.address.startswith("/") else ""
    sent = not isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout)
    return UnreachableError(f"{call.name}{at}: {error or type(error).__name__}", sent=sent)
