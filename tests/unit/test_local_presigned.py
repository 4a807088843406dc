"""S3 wants a request to be authorized once."""

import asyncio
from typing import Any

import pytest

from local.presigned import authorized_once

SIGNED = b"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=abc"
KEY = (b"Authorization", b"Bearer key")


def answer(query: bytes, *headers: tuple[bytes, bytes]) -> tuple[int, bytes]:
    """Status and body of what a client is sent; the application itself answers 200."""
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"picture"})

    async def send(event: Any) -> None:
        sent.append(event)

    async def main() -> None:
        scope: Any = {"type": "http", "path": "/bucket/key", "query_string": query, "headers": headers}
        receive: Any = None
        await authorized_once(app)(scope, receive, send)

    asyncio.run(main())
    return sent[0]["status"], sent[1]["body"]


def test_a_presigned_address_is_not_read_with_a_key_besides() -> None:
    status, body = answer(SIGNED, KEY)
    assert status == 400
    assert b"<Code>InvalidArgument</Code><Message>Only one auth mechanism allowed" in body


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        (SIGNED, ()),
        (b"", (KEY,)),
        (b"name=X-Amz-Signature", (KEY,)),
        ("cursor=픂".encode(), (KEY,)),
        (b"cursor=%ED%94%82&%C2%84=%FF", (KEY,)),
        (b"style=\xff", ()),
    ],
)
def test_one_mechanism_is_enough(query: bytes, headers: tuple[tuple[bytes, bytes], ...]) -> None:
    assert answer(query, *headers) == (200, b"picture")
