"""What API Gateway does not carry: bodies over 10 MB, and answers that take longer than 29 seconds.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
"""

import asyncio
import json
from collections.abc import Callable, Mapping

from hypercorn.typing import ASGIFramework, ASGIReceiveCallable, ASGISendCallable, ASGISendEvent, Scope

from local.forwarding import API_PATH

MOST_BYTES = 10 * 1024 * 1024
MOST_SECONDS = 29.0
_STATUSES = {"REQUEST_TOO_LARGE": 413, "INTEGRATION_TIMEOUT": 504}

Refusal = tuple[int, Mapping[str, str], bytes]
"""Status, headers and body."""


def plain(_path: str, kind: str, message: str) -> Refusal:
    """What an API answers that customizes nothing, for a type of gateway response."""
    return _STATUSES[kind], {"content-type": "application/json"}, json.dumps({"message": message}).encode()


def limited(
    app: ASGIFramework, *, refusal: Callable[[str, str, str], Refusal] = plain, seconds: float = MOST_SECONDS
) -> ASGIFramework:
    """``app``, whose APIs refuse what is too large and give up on what is too slow; the function goes on, as on AWS.

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
        late = False

        async def send_in_time(event: ASGISendEvent) -> None:
            if not late:
                await send(event)

        task = asyncio.ensure_future(app(scope, receive, send_in_time))
        done, _ = await asyncio.wait({task}, timeout=seconds)
        if done:
            task.result()
            return
        late = True
        await _send(send, refusal(scope["path"], "INTEGRATION_TIMEOUT", "Endpoint request timed out"))

    return answer


async def _send(send: ASGISendCallable, answer: Refusal) -> None:
    status, names, body = answer
    headers = [(name.lower().encode(), value.encode()) for name, value in names.items()]
    await send({"type": "http.response.start", "status": status, "headers": headers, "trailers": False})
    await send({"type": "http.response.body", "body": body, "more_body": False})
