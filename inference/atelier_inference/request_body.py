"""Reading a request: its types, and its body up to a limit."""

from starlette.requests import Request

from atelier_inference.dialects.dialect import FORM, JSON, Invocation
from atelier_inference.dialects.jumpstart_text_to_image import TEXT
from contracts.errors import InvalidInputError
from contracts.prediction import LONGEST_PICTURE

LARGEST_BODY = 2 * LONGEST_PICTURE + 64 * 1024
"""Bytes: two inline pictures and the words around them."""


class RequestError(Exception):
    """A request that is refused with a status of its own: an HTTP status, and what / got / allowed."""

    def __init__(self, status: int, kind: str, reason: InvalidInputError) -> None:
        self.status = status
        self.kind = kind
        self.reason = reason
        super().__init__(str(reason))


async def read_call(request: Request) -> Invocation:
    """The whole request. Raises RequestError: 415 for a body of another type, 413 for one that is too large."""
    header = request.headers.get("content-type", "")
    content_type, accept = _plain(header), _plain(request.headers.get("accept", ""))
    if (kind := content_type.partition(";")[0]) not in ("", JSON, FORM, TEXT):
        reason = InvalidInputError("Content-Type", got=kind, allowed=f"{JSON}, {FORM}, or {TEXT} for a prompt alone")
        raise RequestError(415, "UnsupportedContentTypeError", reason)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            allowed = f"at most {LARGEST_BODY} bytes; put larger pictures into S3"
            reason = InvalidInputError("body", got=f"more than {LARGEST_BODY} bytes", allowed=allowed)
            raise RequestError(413, "BodyTooLargeError", reason)
    return Invocation(content_type=content_type, accept=accept, body=body, header=header)


def _plain(media_type: str) -> str:
    return "".join(media_type.split()).lower()
