"""What the clients of a run saw: what was accepted, and what each look at it said."""

import threading
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PREDICTION, TRAINING = "prediction", "training"
FINAL = ("succeeded", "failed", "canceled")
GONE = "gone"
"""What a look at something says that is not there."""


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """Something that was answered 201.

    ``key`` is the Idempotency-Key it was posted with, ``manner`` how the receiver is that its client wanted to be told at of ``events``.
    """

    id: str
    kind: str
    key: str
    manner: str = ""
    events: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Look:
    """One answer about something: when it was asked for and when it came, in seconds, and what must not change after the end."""

    begun: float
    ended: float
    status: str
    fixed: str = ""


def shown(found: Mapping[str, Any]) -> tuple[str, str]:
    """What the API says of a thing: its status, and what must not change once it has ended."""
    status = str(found["status"])
    return status, f"{found['completed_at']} {found.get('error')}" if status in FINAL else ""


class History:
    """Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.accepted: dict[str, Accepted] = {}
        self.ids: dict[str, set[str]] = defaultdict(set)
        self.looks: dict[str, list[Look]] = defaultdict(list)
        self.deleted: set[str] = set()
        self.doomed: set[str] = set()
        self.answers: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.unanswered: dict[str, tuple[str, Mapping[str, Any]]] = {}

    def accept(self, kind: str, key: str, found: Mapping[str, Any], asked: Mapping[str, Any] | None = None) -> None:
        """A 201, for a body that may have asked to be told at ``http://receiver/manner/key``."""
        told = str(asked["webhook"]).split("/")[3] if asked and "webhook" in asked else ""
        events = tuple(asked["webhook_events_filter"]) if asked and told else ()
        with self._lock:
            self.accepted[found["id"]] = Accepted(id=found["id"], kind=kind, key=key, manner=told, events=events)
            self.ids[key].add(found["id"])
            self.unanswered.pop(key, None)

    def leave(self, key: str, path: str, body: Mapping[str, Any]) -> None:
        """A client gave up before anything was answered."""
        with self._lock:
            self.unanswered[key] = (path, body)

    def refuse(self, why: str) -> None:
        """A request that was answered with what is wrong about it."""
        with self._lock:
            self.refused[why] += 1

    def see(self, one: str, begun: float, ended: float, found: Mapping[str, Any] | None) -> None:
        """A look: the answer's body, or None where it was 404, which is as good as the 204 that a deletion may have lost."""
        status, fixed = shown(found) if found else (GONE, "")
        with self._lock:
            if found is None and one in self.doomed:
                self.deleted.add(one)
            self.looks[one].append(Look(begun=begun, ended=ended, status=status, fixed=fixed))

    def doom(self, one: str) -> None:
        """A client begins to ask for its deletion; without an answer it may be gone or not."""
        with self._lock:
            self.doomed.add(one)

    def delete(self, one: str) -> None:
        """A 204."""
        with self._lock:
            self.deleted.add(one)

    def count(self, what: str) -> None:
        """Something that is only counted."""
        with self._lock:
            self.answers[what] += 1

    def final(self, one: str) -> str:
        """The status in which it ended, empty where nobody has seen that."""
        with self._lock:
            return next((look.status for look in self.looks[one] if look.status in FINAL), "")

    def known(self) -> list[Accepted]:
        """All that was accepted, the first in front."""
        with self._lock:
            return [*self.accepted.values()]

    def open(self, kind: str) -> list[str]:
        """What has not been seen to end, the first accepted in front."""
        with self._lock:
            known = [each.id for each in self.accepted.values() if each.kind == kind and each.id not in self.deleted]
        return [one for one in known if not self.final(one)]

    def ended(self, kind: str, status: str) -> list[str]:
        """What was seen to end so."""
        with self._lock:
            known = [each.id for each in self.accepted.values() if each.kind == kind]
        return [one for one in known if self.final(one) == status]
