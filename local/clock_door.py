"""The address at which the clock is turned: ``POST /_local/clock?minutes=20`` answers when the 20 minutes have passed."""

import asyncio
import json
from collections.abc import Callable
from http import HTTPMethod, HTTPStatus
from urllib.parse import parse_qs

from hypercorn.typing import ASGIFramework, ASGIReceiveCallable, ASGISendCallable, HTTPScope, Scope

PATH = "/_local/clock"
MOST_MINUTES = 24 * 60


def clock_door(app: ASGIFramework, turn: Callable[[int], None]) -> ASGIFramework:
    """``app``, with the clock's address in front."""

    async def answer(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] != "http" or scope["path"] != PATH:
            await app(scope, receive, send)
            return
        status, said = await _turn(scope, turn)
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(said).encode(), "more_body": False})

    return answer


async def _turn(scope: HTTPScope, turn: Callable[[int], None]) -> tuple[HTTPStatus, dict[str, object]]:
    text = parse_qs(scope["query_string"].decode()).get("minutes", [""])[0]
    if scope["method"] != HTTPMethod.POST or not text.isdecimal() or not 1 <= int(text) <= MOST_MINUTES:
        return HTTPStatus.BAD_REQUEST, {"error": f"got {text!r}; allowed: POST {PATH}?minutes=1 to {MOST_MINUTES}"}
    await asyncio.to_thread(turn, int(text))
    return HTTPStatus.OK, {"minutes": int(text)}
