"""What API Gateway does not carry: bodies over 10 MB, answers that take longer than 29 seconds, and its own errors without a word.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
"""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping

from hypercorn.typing import ASGIFramework, ASGIReceiveCallable, ASGISendCallable, ASGISendEvent, Scope

from local.forwarding import API_PATH

MOST_BYTES = 10 * 1024 * 1024
MOST_SECONDS = 29.0
_LOG = logging.getLogger("local.api")
_STATUSES = {"REQUEST_TOO_LARGE": 413, "INTEGRATION_TIMEOUT": 504, "DEFAULT_5XX": 500}

Refusal = tuple[int, Mapping[str, str], bytes]
"""Status, headers and body."""


def plain(_path: str, kind: str, message: str) -> Refusal:
    """What an API answers that customizes nothing, for a type of gateway response."""
    return _STATUSES[kind], {"content-type": "application/json"}, json.dumps({"message": message}).encode()


def limited(
    app: ASGIFramework, *, refusal: Callable[[str, str, str], Refusal] = plain, seconds: float = MOST_SECONDS
) -> ASGIFramework:
    """``app``, whose APIs refuse what is too large, give up on what is too slow, while the function goes on, and say so where they fail.

    ``refusal`` makes the answer from the path, the type of gateway response and its message.
    """

    async def answer(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] != "http" or not API_PATH.match(scope["path"]):
            await app(scope, receive, send)
            return
        length = next((value for name, value in scope["headers"] if name.lower() == b"content-length"), b"0")
        if int(length) > MOST_BYTES:
            await _send(send, refusal(scope["path"], "REQUEST_TOO_LARGE", "Request Too Long"))
            return
        late = begun = False

        async def send_in_time(event: ASGISendEvent) -> None:
            nonlocal begun
            if not late:
                begun = True
                await send(event)

        task = asyncio.ensure_future(app(scope, receive, send_in_time))
        try:
            done, _ = await asyncio.wait({task}, timeout=seconds)
        except (
            asyncio.CancelledError
        ):  # The server ends, and does not wait; the web server would answer 500 without a word.
            late = True
            if not begun:
                await _send(send, refusal(scope["path"], "DEFAULT_5XX", "Internal server error"))
            raise
        if not done:
            late = True
            await _send(send, refusal(scope["path"], "INTEGRATION_TIMEOUT", "Endpoint request timed out"))
        elif begun or task.exception() is None:
            task.result()
        else:
            # Such as a disk that is full in the middle of a request: the web server would answer 500 without a word.
            _LOG.error("a request of an API was not answered", exc_info=task.exception())
            await _send(send, refusal(scope["path"], "DEFAULT_5XX", "Internal server error"))

    return answer


async def _send(send: ASGISendCallable, answer: Refusal) -> None:
    status, names, body = answer
    headers = [(name.lower().encode(), value.encode()) for name, value in names.items()]
    await send({"type": "http.response.start", "status": status, "headers": headers, "trailers": False})
    await send({"type": "http.response.body", "body": body, "more_body": False})
