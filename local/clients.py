"""Whose request this is, for what waits on his behalf: it learns that he has left."""

import asyncio
import re
from collections.abc import Callable
from contextvars import ContextVar

from hypercorn.typing import ASGIFramework, ASGIReceiveCallable, ASGIReceiveEvent, ASGISendCallable, Scope


class WaitingClient:
    """The client of one request; safe to use from many threads."""

    def __init__(self) -> None:
        self._left = False
        self._then: Callable[[], None] = lambda: None

    def when_left(self, then: Callable[[], None]) -> None:
        """Call ``then`` when he closes his connection, at once if he already has."""
        self._then = then
        if self._left:
            then()

    def leave(self) -> None:
        """He has closed his connection."""
        self._left = True
        self._then()


_CLIENT: ContextVar[WaitingClient] = ContextVar("waiting client")


def waiting_client() -> WaitingClient:
    """Whose request this thread works on; where nobody watches him, one who stays."""
    return _CLIENT.get(None) or WaitingClient()


def watching(app: ASGIFramework, path: re.Pattern[str]) -> ASGIFramework:
    """``app``, whose requests to a path that matches have a `waiting_client`, who may leave."""

    async def answer(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] != "http" or not path.match(scope["path"]):
            await app(scope, receive, send)
            return
        present, events = WaitingClient(), asyncio.Queue[ASGIReceiveEvent]()

        async def listen() -> None:
            while (event := await receive())["type"] != "http.disconnect":
                events.put_nowait(event)
            events.put_nowait(event)
            present.leave()

        _CLIENT.set(present)
        listening = asyncio.create_task(listen())
        try:
            await app(scope, events.get, send)
        finally:
            listening.cancel()

    return answer
