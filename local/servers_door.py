"""The address at which the local cloud says how its model servers are, which AWS keeps to itself: ``GET /_local/servers``."""

import json
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from hypercorn.typing import ASGIFramework, ASGIReceiveCallable, ASGISendCallable, Scope

PATH = "/_local/servers"
_SECONDS = 60.0


def servers_of(url: str) -> list[dict[str, Any]]:
    """How the model servers of the local cloud at ``url`` are: endpoint, variant, process, port, health, and restarts in a row.

    Raises OSError where it does not answer.
    """
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{url}{PATH}", timeout=_SECONDS) as answer:
        servers: list[dict[str, Any]] = json.load(answer)
    return servers


def servers_door(app: ASGIFramework, servers: Callable[[], Sequence[Mapping[str, Any]]]) -> ASGIFramework:
    """``app``, with that address in front."""

    async def answer(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] != "http" or scope["path"] != PATH:
            await app(scope, receive, send)
            return
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": HTTPStatus.OK, "headers": headers, "trailers": False})
        await send({"type": "http.response.body", "body": json.dumps(servers()).encode(), "more_body": False})

    return answer
