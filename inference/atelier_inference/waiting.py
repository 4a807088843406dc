"""Who waits for a prediction, and how the server notices that nobody does any more."""

import asyncio
import re
from collections.abc import Awaitable
from typing import Any, TypeVar

from starlette.requests import Request

from atelier_inference.store import Store
from contracts.layout import PREDICTION_ID, S3Uri

SECONDS_BETWEEN_LOOKS = 2.0
T = TypeVar("T")

CLOSED = "the caller closed the connection"


class CanceledError(Exception):
    """Nobody waits for the answer any more; the message says why."""


class Tickets:
    """The request bodies of the HTTP API's predictions: one is there as long as somebody waits for its prediction.

    SageMaker tells a container neither that a client canceled nor that the time for an answer is over.
    """

    def __init__(self, store: Store, requests: S3Uri | None, *, every: float = SECONDS_BETWEEN_LOOKS) -> None:
        """``requests`` is the prefix where they lie; ``every`` is the seconds between two looks."""
        self._store = store
        self._requests = requests
        self._every = every

    async def removed(self, inference_id: str) -> str:
        """Say so once a prediction's ticket is gone; forever silent for ids of requests that the API did not make."""
        if self._requests is None or not re.fullmatch(PREDICTION_ID, inference_id):
            await asyncio.Future()
        else:
            ticket = self._requests.child(f"{inference_id}.json")
            while not await asyncio.to_thread(self._store.is_gone, ticket):
                await asyncio.sleep(self._every)
        return "the prediction was canceled, deleted, or given up"


async def disconnected(request: Request) -> str:
    """Say so once the caller has closed his connection; the request's body must have been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
    return CLOSED


async def nobody_waits(*signs: Awaitable[str]) -> str:
    """Return the first of the ``signs`` that nobody waits any more."""
    looks = [asyncio.ensure_future(sign) for sign in signs]
    try:
        done, _ = await asyncio.wait(looks, return_when=asyncio.FIRST_COMPLETED)
        return done.pop().result()
    finally:
        for look in looks:
            look.cancel()


async def unless_left(work: "asyncio.Future[T]", leaving: "asyncio.Future[str]") -> T:
    """What work comes to. Raises CanceledError once everybody has left who waits for it."""
    either: list[asyncio.Future[Any]] = [work, leaving]
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    if leaving.done():
        work.cancel()
        raise CanceledError(leaving.result())
    return await work
