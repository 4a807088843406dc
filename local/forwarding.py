"""Adds the forwarding headers of a proxy, from which an API's handler builds absolute addresses.

API Gateway gives a REST API a domain of its own. Here its address begins with the path ``/_aws/execute-api/{id}``, which the
handler cannot know.
"""

import re

from hypercorn.typing import ASGIFramework, ASGIReceiveCallable, ASGISendCallable, Scope

API_PATH = re.compile(r"/_aws/execute-api/[^/]+")
"""Where the REST APIs are."""


def forwarding(app: ASGIFramework) -> ASGIFramework:
    """``app``, with the scheme and the path prefix of its APIs in the usual headers; the client's own ones are dropped."""

    async def forward(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] == "http" and (match := API_PATH.match(scope["path"])):
            headers = [
                (name, value) for name, value in scope["headers"] if not name.lower().startswith(b"x-forwarded-")
            ]
            ours = [(b"x-forwarded-proto", b"http"), (b"x-forwarded-prefix", match.group().encode())]
            scope = {**scope, "headers": [*headers, *ours]}
        await app(scope, receive, send)

    return forward
