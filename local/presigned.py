"""What S3 refuses of a presigned address: a header that authorizes the request besides.

AWS answers so too where the header means nothing to it, such as another service's key that a client sends to whatever it reads.
"""

from urllib.parse import parse_qs

from hypercorn.typing import ASGIFramework, ASGIReceiveCallable, ASGISendCallable, Scope

_SIGNATURE = "X-Amz-Signature"
_BODY = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>InvalidArgument</Code><Message>Only one auth mechanism allowed; only the '
    b"X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified</Message>"
    b"<ArgumentName>Authorization</ArgumentName></Error>"
)


def authorized_once(app: ASGIFramework) -> ASGIFramework:
    """``app``, which refuses a presigned address with an Authorization header."""

    async def answer(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] != "http" or not _twice(scope["query_string"], [name for name, _ in scope["headers"]]):
            await app(scope, receive, send)
            return
        headers = [(b"content-type", b"application/xml")]
        await send({"type": "http.response.start", "status": 400, "headers": headers, "trailers": False})
        await send({"type": "http.response.body", "body": _BODY, "more_body": False})

    return answer


def _twice(query: bytes, headers: list[bytes]) -> bool:
    # As text: parse_qs gives bytes back as ASCII, which what stands behind another API's question mark need not be.
    return _SIGNATURE in parse_qs(query.decode("latin-1")) and any(name.lower() == b"authorization" for name in headers)
