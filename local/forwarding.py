"""What a proxy tells an API about how it was reached: the API's handler builds absolute addresses from it.

API Gateway gives a REST API a domain of its own; here its address has a path in front (``/_aws/execute-api/{id}``) that the handler cannot know.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any

_API = re.compile(r"/_aws/execute-api/[^/]+")
_Message = dict[str, Any]
Receive = Callable[[], Awaitable[_Message]]
Send = Callable[[_Message], Awaitable[None]]
Application = Callable[[_Message, Receive, Send], Awaitable[None]]


def forwarding(app: Application) -> Application:
    """``app``, whose APIs are told scheme and path prefix in the usual headers; whatever the client says of them is dropped."""

    async def forward(scope: _Message, receive: Receive, send: Send) -> None:
        found = _API.match(scope.get("path", "")) if scope["type"] == "http" else None
        if found:
            kept = [(name, value) for name, value in scope["headers"] if not name.lower().startswith(b"x-forwarded-")]
            told = [(b"x-forwarded-proto", b"http"), (b"x-forwarded-prefix", found.group().encode())]
            scope = {**scope, "headers": [*kept, *told]}
        await app(scope, receive, send)

    return forward
