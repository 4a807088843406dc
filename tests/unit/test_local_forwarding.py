"""An API behind the local cloud's path is told how it was reached."""

import asyncio
from typing import Any

import pytest

from local.forwarding import forwarding


def headers_of(path: str, kind: str = "http", sent: list[tuple[bytes, bytes]] | None = None) -> dict[bytes, bytes]:
    """The headers the application sees."""
    seen: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope)

    async def nothing(*_: Any) -> Any:
        return None

    scope: Any = {"type": kind, "path": path, "headers": sent or []}

    async def main() -> None:
        await forwarding(app)(scope, nothing, nothing)

    asyncio.run(main())
    return dict(seen[0]["headers"])


def test_an_api_learns_its_scheme_and_prefix() -> None:
    assert headers_of("/_aws/execute-api/abc123/live/v1/files", sent=[(b"host", b"127.0.0.1:1")]) == {
        b"host": b"127.0.0.1:1",
        b"x-forwarded-proto": b"http",
        b"x-forwarded-prefix": b"/_aws/execute-api/abc123",
    }


def test_a_client_cannot_say_otherwise() -> None:
    sent = [(b"X-Forwarded-Host", b"evil.test"), (b"x-forwarded-prefix", b"/evil")]
    assert b"evil" not in b"".join(headers_of("/_aws/execute-api/abc123/live/v1/files", sent=sent).values())


@pytest.mark.parametrize(("path", "kind"), [("/bucket/key", "http"), ("/_aws/execute-api/abc", "websocket")])
def test_everything_else_passes_untouched(path: str, kind: str) -> None:
    sent = [(b"x-forwarded-proto", b"https")]
    assert headers_of(path, kind, sent) == dict(sent)


def test_what_has_no_path_passes() -> None:
    assert headers_of("", "lifespan") == {}
