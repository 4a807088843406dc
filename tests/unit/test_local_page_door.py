"""Where a browser finds the local cloud's pages: below their distribution's path, and from the cloud's own address."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from local.page_door import page_address, page_door

HTML = {"accept": "text/html,*/*;q=0.8"}


class OneDistribution:
    """Pages of one distribution, which answer with what they were asked."""

    def __init__(self, newest: str | None = "E1") -> None:
        self._newest = newest

    def newest(self) -> str | None:
        return self._newest

    async def answer(
        self, distribution: str, method: str, path: str, raw_path: str, query: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, Mapping[str, Any], bytes] | None:
        if distribution != "E1":
            return None
        said = f"{method} {path} {raw_path} {query} {headers.get('x-api-key')} {body.decode()}"
        return 201, {"Set-Cookie": ["a", "b"], "X-Frame-Options": "DENY"}, said.encode()


def ask(
    path: str, method: str = "GET", headers: Mapping[str, str] | None = None, query: str = "", newest: str | None = "E1"
) -> tuple[int, list[tuple[str, str]], str]:
    """Status, headers and body; 599 where the services behind the door were asked."""
    sent = list[Any]()

    async def services(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 599, "headers": []})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    parts = [
        {"type": "http.request", "body": b"on", "more_body": True},
        {"type": "http.request", "body": b"e", "more_body": False},
    ]

    async def receive() -> Any:
        return parts.pop(0)

    async def send(event: Any) -> None:
        sent.append(event)

    scope: Any = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.replace(" ", "%20").encode(),
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in (headers or {}).items()],
    }

    async def main() -> None:
        await page_door(services, OneDistribution(newest))(scope, receive, send)

    asyncio.run(main())
    pairs = [(name.decode(), value.decode()) for name, value in sent[0]["headers"]]
    return sent[0]["status"], pairs, sent[1]["body"].decode()


def test_a_distribution_is_asked_for_what_follows_its_path() -> None:
    status, headers, body = ask("/_aws/cloudfront/E1/v1/a b", "POST", {"X-Api-Key": "k"}, query="limit=2")
    assert (status, body) == (201, "POST /v1/a b /v1/a%20b limit=2 k one")
    assert headers == [("set-cookie", "a"), ("set-cookie", "b"), ("x-frame-options", "DENY")]


def test_a_head_has_no_body() -> None:
    assert ask("/_aws/cloudfront/E1/", "HEAD")[2] == ""


def test_a_distribution_that_is_not_there_is_404() -> None:
    assert ask("/_aws/cloudfront/E2/")[0] == 404


def test_relative_addresses_begin_after_a_slash() -> None:
    assert ask("/_aws/cloudfront/E1")[:2] == (307, [("location", "/_aws/cloudfront/E1/")])


def test_a_browser_that_opens_the_cloud_is_led_to_its_page() -> None:
    assert ask("/", headers=HTML)[:2] == (307, [("location", "/_aws/cloudfront/E1/")])
    assert page_address("http://127.0.0.1:4700", "E1") == "http://127.0.0.1:4700/_aws/cloudfront/E1/"


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({}, ""),
        ({"accept": "*/*"}, ""),
        ({**HTML, "authorization": "AWS4-HMAC-SHA256"}, ""),
        (HTML, "X-Amz-Signature=a"),
    ],
)
def test_a_client_of_s3_that_lists_buckets_is_led_nowhere(headers: Mapping[str, str], query: str) -> None:
    assert ask("/", headers=headers, query=query)[0] == 599


def test_a_cloud_without_a_page_answers_for_itself() -> None:
    assert ask("/", headers=HTML, newest=None)[0] == 599
