"""Where a browser finds the pages of the local cloud: CloudFront's distributions, at ``/_aws/cloudfront/{id}/``.

CloudFront gives a distribution a domain of its own; here its address begins with this path, so a page's own addresses must be relative.
A browser that opens the local cloud itself is led to the page that was deployed last.
"""

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Protocol

from hypercorn.typing import ASGIFramework, ASGIReceiveCallable, ASGISendCallable, HTTPScope, Scope

PAGE_PATH = re.compile(r"/_aws/cloudfront/([^/]+)(/.*)?")


class Pages(Protocol):
    """The distributions."""

    def newest(self) -> str | None:
        """The id of the one that was made last."""

    async def answer(
        self, distribution: str, method: str, path: str, raw_path: str, query: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, Mapping[str, Any], bytes] | None:
        """What it answers; None where there is none of this id."""


def page_address(url: str, distribution: str) -> str:
    """Where the local cloud at ``url`` serves a distribution."""
    return f"{url}/_aws/cloudfront/{distribution}/"


def page_door(app: ASGIFramework, pages: Pages) -> ASGIFramework:
    """``app``, with the pages in front."""

    async def answer(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
        elif page := PAGE_PATH.fullmatch(scope["path"]):
            await _serve(page[1], page[2], scope, receive, send, pages)
        elif _opens_the_cloud(scope) and (newest := pages.newest()):
            await _redirect(f"/_aws/cloudfront/{newest}/", send)
        else:
            await app(scope, receive, send)

    return answer


async def _serve(
    distribution: str,
    path: str | None,
    scope: HTTPScope,
    receive: ASGIReceiveCallable,
    send: ASGISendCallable,
    pages: Pages,
) -> None:
    if path is None:  # relative addresses begin after the last slash
        await _redirect(f"/_aws/cloudfront/{distribution}/", send)
        return
    raw = scope["raw_path"].decode("ascii").removeprefix(f"/_aws/cloudfront/{distribution}")
    body, query = await _body(receive), scope["query_string"].decode("latin-1")
    found = await pages.answer(distribution, scope["method"], path, raw, query, _headers(scope), body)
    status, headers, content = found or (
        HTTPStatus.NOT_FOUND,
        {"content-type": "text/plain"},
        b"There is no such page.\n",
    )
    pairs = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in _pairs(headers)]
    await _send(send, status, pairs, b"" if scope["method"] == "HEAD" else content)


def _opens_the_cloud(scope: HTTPScope) -> bool:
    """Whether a browser asks for the address of the cloud itself, where a signed request lists buckets."""
    sent = _headers(scope)
    signed = "authorization" in sent or b"X-Amz-" in scope["query_string"]
    return scope["path"] == "/" and scope["method"] == "GET" and not signed and "text/html" in sent.get("accept", "")


def _headers(scope: HTTPScope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _pairs(headers: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in headers.items():
        for each in value if isinstance(value, list) else [value]:
            yield name, str(each)


async def _body(receive: ASGIReceiveCallable) -> bytes:
    parts = list[bytes]()
    while (event := await receive())["type"] == "http.request":
        parts.append(event["body"])
        if not event["more_body"]:
            break
    return b"".join(parts)


async def _redirect(place: str, send: ASGISendCallable) -> None:
    await _send(send, HTTPStatus.TEMPORARY_REDIRECT, [(b"location", place.encode())], b"")


async def _send(send: ASGISendCallable, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers, "trailers": False})
    await send({"type": "http.response.body", "body": body, "more_body": False})
