"""What a proxy tells an API about how it was reached: the API's handler builds absolute addresses from it.

API Gateway gives a REST API a domain of its own; here its address has a path in front, ``/_aws/execute-api/{id}``, which the
handler cannot know.
"""

import re

from hypercorn.typing import ASGIFramework, ASGIReceiveCallable, ASGISendCallable, Scope

_API = re.compile(r"/_aws/execute-api/[^/]+")


def forwarding(app: ASGIFramework) -> ASGIFramework:
    """``app``, whose APIs are told scheme and path prefix in the usual headers; whatever the client says of them is dropped."""

    async def forward(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] == "http" and (found := _API.match(scope["path"])):
            kept = [(name, value) for name, value in scope["headers"] if not name.lower().startswith(b"x-forwarded-")]
            told = [(b"x-forwarded-proto", b"http"), (b"x-forwarded-prefix", found.group().encode())]
            scope = {**scope, "headers": [*kept, *told]}
        await app(scope, receive, send)

    return forward
