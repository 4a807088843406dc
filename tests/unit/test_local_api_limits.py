"""API Gateway's limits: the body of a request, and the time of an answer."""

import asyncio
from typing import Any

import pytest

from local.api_limits import MOST_BYTES, limited

API = "/_aws/execute-api/abc/live/v1/files"


def status_of(path: str, *, length: int = 0, answers: bool = True) -> list[int]:
    """The statuses that a client is sent; an application that does not answer hangs until it is told to go on, and answers then."""
    sent: list[int] = []

    async def main() -> None:
        goes_on = asyncio.Event()
        if answers:
            goes_on.set()

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await goes_on.wait()
            await send({"type": "http.response.start", "status": 200})

        async def send(event: Any) -> None:
            sent.extend([event["status"]] if "status" in event else [])

        scope: Any = {"type": "http", "path": path, "headers": [(b"Content-Length", str(length).encode())]}
        receive: Any = None
        await limited(app, seconds=60 if answers else 0.01)(scope, receive, send)
        goes_on.set()
        await asyncio.sleep(0)

    asyncio.run(main())
    return sent


@pytest.mark.parametrize(
    ("path", "length", "status"), [(API, MOST_BYTES, 200), (API, MOST_BYTES + 1, 413), ("/bucket/key", 2**31, 200)]
)
def test_a_body_has_at_most_ten_megabytes(path: str, length: int, status: int) -> None:
    assert status_of(path, length=length) == [status]


def test_a_late_answer_is_not_waited_for_and_not_sent() -> None:
    assert status_of(API, answers=False) == [504]


@pytest.mark.parametrize("path", [API, "/bucket/key"])
def test_an_api_that_fails_says_so_as_api_gateway_does(path: str) -> None:
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise OSError(27, "File too large")

    async def send(event: Any) -> None:
        sent.append(event)

    async def main() -> None:
        scope: Any = {"type": "http", "path": path, "headers": []}
        receive: Any = None
        await limited(app)(scope, receive, send)

    if path != API:
        with pytest.raises(OSError, match="File too large"):
            asyncio.run(main())
        return
    asyncio.run(main())
    assert [event.get("status", event.get("body")) for event in sent] == [500, b'{"message": "Internal server error"}']


def test_a_request_that_the_server_does_not_wait_for_at_its_end_is_answered() -> None:
    sent: list[Any] = []

    async def main() -> None:
        waits = asyncio.Event()

        async def app(scope: Any, receive: Any, send: Any) -> None:
            waits.set()
            await asyncio.Event().wait()

        async def send(event: Any) -> None:
            sent.append(event)

        async def request() -> None:
            scope: Any = {"type": "http", "path": API, "headers": []}
            receive: Any = None
            await limited(app)(scope, receive, send)

        task = asyncio.create_task(request())
        await waits.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert [event.get("status", event.get("body")) for event in sent] == [500, b'{"message": "Internal server error"}']
