"""The API as a client reaches it that does not give up at the first error."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import urllib3

from tests.chaos.history import BATCH, History

PREDICTIONS, TRAININGS = "/v1/predictions", "/v1/trainings"
WEBHOOK_SECRET = "/v1/webhooks/default/secret"
FILES, GENERATIONS, BATCHES = "/v1/files", "/v1/images/generations", "/v1/batches"
PREFIX = "/v1/"
_SECONDS = 35.0
_TRIES = 4
_PAUSE_SECONDS = 1.0
_AGAIN = (429, 500, 502, 503, 504)
_POOL = urllib3.PoolManager(maxsize=32, retries=False)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A status, 0 where none came, and the body."""

    status: int
    body: dict[str, Any]
    begun: float
    ended: float


def rows_of(body: Mapping[str, Any]) -> list[str]:
    """The prompts that the rows of a batch make."""
    return [str(body["input"]["prompt"]).replace("{words}", row["words"]) for row in body["items"]]


@dataclass(frozen=True, kw_only=True)
class Door:
    """`url` ends in the API's stage; whatever is answered is counted in the history."""

    url: str
    key: str
    history: History

    def call(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, key: str = "", wait: int = 0
    ) -> Answer:
        """One request, as it is answered; of a client who would rather wait so many seconds."""
        wanted = {"Idempotency-Key": key, "Prefer": f"wait={wait}" if wait else ""}
        headers = {"x-api-key": self.key, **{name: value for name, value in wanted.items() if value}}
        begun = time.monotonic()
        status, found = self._send(method, path, body, headers)
        self.history.count(f"{method} {status}")
        if status >= 500:
            self.history.refuse(f"{status} {found.get('detail') or found.get('message') or found}"[:120])
        return Answer(status=status, body=found, begun=begun, ended=time.monotonic())

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
            self.history.take_batch(key, answer.body["id"], rows_of(body))
            self.history.see_batch(answer.body["id"], answer.begun, answer.ended, answer.body)
            return str(answer.body["id"])
        if answer.status == 201:
            self.history.accept(kind, key, answer.body, body)
            self.history.see(answer.body["id"], answer.begun, answer.ended, answer.body)
            return str(answer.body["id"])
        if not answer.status or answer.status in _AGAIN:
            self.history.leave(key, kind, path, body)
        else:
            self.history.refuse(f"{answer.status} {answer.body.get('detail')}")
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

    def _send(
        self, method: str, path: str, body: Mapping[str, Any] | None, headers: Mapping[str, str]
    ) -> tuple[int, dict[str, Any]]:
        try:
            sent = _POOL.request(method, f"{self.url}{path}", json=body, headers=headers, timeout=_SECONDS)
            return sent.status, dict(sent.json()) if sent.data else {}
        except (urllib3.exceptions.HTTPError, ValueError):
            return 0, {}
