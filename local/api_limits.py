"""What API Gateway does not carry: bodies over 10 MB, and answers that take longer than 29 seconds.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
"""

import asyncio
import json

from hypercorn.typing import ASGIFramework, ASGIReceiveCallable, ASGISendCallable, ASGISendEvent, Scope

from local.forwarding import API_PATH

MOST_BYTES = 10 * 1024 * 1024
MOST_SECONDS = 29.0


def limited(app: ASGIFramework, *, seconds: float = MOST_SECONDS) -> ASGIFramework:
    """``app``, whose APIs refuse what is too large and give up on what is too slow; the function goes on, as on AWS."""

    async def answer(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] != "http" or not API_PATH.match(scope["path"]):
            await app(scope, receive, send)
            return
        length = next((value for name, value in scope["headers"] if name.lower() == b"content-length"), b"0")
        if int(length) > MOST_BYTES:
            await _refuse(send, 413, "Request Entity Too Large")
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
        await _refuse(send, 504, "Endpoint request timed out")

    return answer


async def _refuse(send: ASGISendCallable, status: int, message: str) -> None:
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers, "trailers": False})
    body = json.dumps({"message": message}).encode()
    await send({"type": "http.response.body", "body": body, "more_body": False})
