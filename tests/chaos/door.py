"""The API as a client reaches it that does not give up at the first error."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

import urllib3

from tests.chaos.history import BATCH, Asked, History

PREDICTIONS, TRAININGS = "/v1/predictions", "/v1/trainings"
WEBHOOK_SECRET = "/v1/webhooks/default/secret"
FILES, BATCHES = "/v1/files", "/v1/batches"
PREFIX = "/v1/"
_SECONDS = 35.0
_TRIES = 4
_PAUSE_SECONDS = 1.0
_OURS = 500
_AGAIN = (429, 500, 502, 503, 504)
_POOL = urllib3.PoolManager(maxsize=32, retries=False)
_SPELLINGS = ("x-api-key: {}", "Authorization: Bearer {}", "Authorization: Token {}")
"""How a client may show its key: whichever it is, it is the same client."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A status, 0 where none came, the body, and ``content`` where that is no JSON."""

    status: int
    body: dict[str, Any]
    begun: float
    ended: float
    content: bytes = b""


def rows_of(body: Mapping[str, Any]) -> list[str]:
    """The prompts that the rows of a batch make."""
    return [str(body["input"]["prompt"]).replace("{words}", row["words"]) for row in body["items"]]


def shown_key(spelling: str, key: str) -> dict[str, str]:
    """The header that shows a key."""
    name, _, value = spelling.format(key).partition(": ")
    return {name: value}


@dataclass(frozen=True, kw_only=True)
class Door:
    """`url` ends in the API's stage; whatever is answered is counted in the history. The key is shown in one way after the other."""

    url: str
    key: str
    history: History
    _spellings: Iterator[str] = field(default_factory=lambda: cycle(_SPELLINGS))

    def call(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, key: str = "", wait: int = 0
    ) -> Answer:
        """One request, as it is answered; of a client who would rather wait so many seconds."""
        return self._ask(method, path, {"Prefer": f"wait={wait}" if wait else ""}, key, json=body)

    def paint(self, asked: Asked, *, key: str, retry: int = 0) -> Answer:
        """One request for a picture that is waited for, as its API's own clients send it; ``retry``: how often they have before."""
        headers = {"Accept": asked.accept, "x-stainless-retry-count": str(retry) if asked.counts else ""}
        sent = {"fields": asked.fields} if asked.is_form else {"json": asked.fields}
        return self._ask("POST", asked.path, headers, key if asked.is_keyed else "", **sent)

    def knock(self, path: str) -> None:
        """A GET of somebody whose key is nobody's, and who must hear no more than that."""
        answer = self._send("GET", path, shown_key(next(self._spellings), "nobody"), {})
        self.history.count(f"stranger's GET {answer.status}")
        if answer.status and answer.status < 500 and answer.status not in (401, 403):
            self.history.miss(f"a stranger's GET {path} was answered {answer.status}")

    def insist(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, key: str = "", wait: int = 0
    ) -> Answer:
        """The same request again where the answer asks for that, some times. Repeating it is harmless with a key."""
        for _ in range(_TRIES - 1):
            answer = self.call(method, path, body, key=key, wait=wait)
            if answer.status and answer.status not in _AGAIN:
                return answer
            time.sleep(_PAUSE_SECONDS)
        return self.call(method, path, body, key=key, wait=wait)

    def post(self, kind: str, path: str, body: Mapping[str, Any], *, key: str, wait: int = 0) -> str:
        """The id of what was accepted; empty where it was refused, or where no answer came, which the history remembers."""
        answer = self.insist("POST", path, body, key=key, wait=wait)
        if answer.status == 201 and kind == BATCH:
            self.history.take_batch(key, answer.body["id"], rows_of(body), body)
            self.history.see_batch(answer.body["id"], answer.begun, answer.ended, answer.body)
            return str(answer.body["id"])
        if answer.status == 201:
            self.history.accept(kind, key, answer.body, body)
            self.history.see(answer.body["id"], answer.begun, answer.ended, answer.body)
            return str(answer.body["id"])
        if not answer.status or answer.status in _AGAIN:
            self.history.leave(key, kind, path, body)
        else:
            self.history.refuse(f"{answer.status} {answer.body.get('detail')}", key)
        return ""

    def look(self, path: str, one: str, *, wait: int = 0) -> Answer:
        """A GET, which the history remembers where it says something."""
        answer = self.call("GET", f"{path}/{one}", wait=wait)
        if answer.status in (200, 404):
            self.history.see(one, answer.begun, answer.ended, answer.body if answer.status == 200 else None)
        return answer

    def walk(self, path: str, limit: int) -> list[dict[str, Any]] | None:
        """All results of a list, page by page; None where a page was not answered."""
        found, page = list[dict[str, Any]](), f"{path}?limit={limit}"
        while page:
            answer = self.insist("GET", page)
            if answer.status != 200:
                return None
            found += answer.body["results"]
            following = str(answer.body["next"] or "").partition(PREFIX)[2]
            page = following and f"{PREFIX}{following}"
        return found

    def _ask(self, method: str, path: str, headers: Mapping[str, str], key: str, **sent: Any) -> Answer:
        """One request with the client's key and its Idempotency-Key."""
        wanted = {**shown_key(next(self._spellings), self.key), "Idempotency-Key": key, **headers}
        answer = self._send(method, path, {name: value for name, value in wanted.items() if value}, sent)
        self.history.count(f"{method} {answer.status}")
        if answer.status >= 500 or answer.status in (401, 403):
            found = answer.body
            where = f" at {method} {path}" if answer.status == _OURS else ""
            self.history.refuse(f"{answer.status} {found.get('detail') or found.get('message') or found}"[:120] + where)
        return answer

    def _send(self, method: str, path: str, headers: Mapping[str, str], sent: Mapping[str, Any]) -> Answer:
        begun = time.monotonic()
        try:
            got = _POOL.request(method, f"{self.url}{path}", headers=headers, timeout=_SECONDS, **sent)
            is_picture = got.headers.get("Content-Type", "").startswith("image/")
            body, content = ({}, got.data) if is_picture else (dict(got.json()) if got.data else {}, b"")
            return Answer(status=got.status, body=body, content=content, begun=begun, ended=time.monotonic())
        except (urllib3.exceptions.HTTPError, ValueError):
            return Answer(status=0, body={}, begun=begun, ended=time.monotonic())
