"""The clock is turned at one address; every other request passes it by."""

import asyncio
import json
from typing import Any

import pytest

from local.clock_door import PATH, clock_door


def ask(path: str, query: str, method: str = "POST") -> tuple[int, dict[str, Any], list[int]]:
    """The status and content of an answer, and how far the clock was turned; 204 where the request passed."""
    turned: list[int] = []
    sent: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204})
        await send({"type": "http.response.body", "body": b"{}"})

    async def receive() -> Any:
        return None

    async def send(message: Any) -> None:
        sent.append(message)

    scope: Any = {"type": "http", "path": path, "query_string": query.encode(), "method": method}

    async def main() -> None:
        await clock_door(app, turned.append)(scope, receive, send)

    asyncio.run(main())
    return int(sent[0]["status"]), json.loads(sent[1]["body"]), turned


def test_the_clock_has_been_turned_when_the_answer_comes() -> None:
    assert ask(PATH, "minutes=20") == (200, {"minutes": 20}, [20])


@pytest.mark.parametrize(
    ("query", "method"),
    [("", "POST"), ("minutes=0", "POST"), ("minutes=x", "POST"), ("minutes=1441", "POST"), ("minutes=5", "GET")],
)
def test_what_is_no_number_of_minutes_is_refused(query: str, method: str) -> None:
    status, said, turned = ask(PATH, query, method)
    assert (status, turned) == (400, [])
    assert f"allowed: POST {PATH}?minutes=1 to 1440" in said["error"]


def test_other_requests_pass() -> None:
    assert ask("/bucket/key", "minutes=5") == (204, {}, [])
