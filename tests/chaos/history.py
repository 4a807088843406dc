"""What the clients of a run saw: what was accepted, and what each look at it said."""

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.chaos.discards import Discards

PREDICTION, TRAINING, FILE, BATCH = "prediction", "training", "file", "batch"
FINAL = ("succeeded", "failed", "canceled")
SHELF = "shawl"
"""The style whose versions people bring, choose and delete."""
GONE = "gone"
"""What a look at something says that is not there."""


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """Something that was answered 201.

    ``key`` is the Idempotency-Key it was posted with, ``at`` when the answer came, ``manner`` how the receiver is that its client wanted to
    be told at of ``events``.
    """

    id: str
    kind: str
    key: str
    manner: str = ""
    events: tuple[str, ...] = ()
    at: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Look:
    """One answer about something: when it was asked for and when it came, in seconds, and what must not change after the end."""

    begun: float
    ended: float
    status: str
    fixed: str = ""


@dataclass(frozen=True, kw_only=True)
class Walk:
    """All pages of one list of things of a kind, from the first request to the last answer."""

    kind: str
    begun: float
    ended: float
    ids: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A picture that is waited for as clients of others' APIs do: at ``path``, by ``fields`` of a form or of JSON.

    ``accept`` is the header. Without ``is_keyed`` it is only by what it says that a repetition finds what was begun, and by the number of
    the try, where its client ``counts`` them.
    """

    path: str
    prompt: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    is_form: bool = False
    accept: str = "application/json"
    is_keyed: bool = True
    counts: bool = True


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A request to let the style's bare name mean a version: ``meaning``, None where nobody knows which.

    A ``sure`` one was answered between ``begun`` and ``ended``; another may be done at any time after it began, or never.
    """

    begun: float
    ended: float
    meaning: int | None
    sure: bool


def shown(found: Mapping[str, Any]) -> tuple[str, str]:
    """What the API says of a thing: its status, and what must not change once it has ended."""
    status = str(found["status"])
    return status, f"{found['completed_at']} {found.get('error')}" if status in FINAL else ""


def round_of(batch: str, number: int) -> str:
    """What a round of a batch is called here."""
    return f"{batch}#{number}"


def _accepted(one: str, kind: str, key: str, asked: Mapping[str, Any], at: float) -> Accepted:
    """What was accepted for a body that may have asked to be told at ``http://receiver/manner/key``."""
    told = str(asked["webhook"]).split("/")[3] if "webhook" in asked else ""
    events = tuple(asked["webhook_events_filter"]) if told else ()
    return Accepted(id=one, kind=kind, key=key, manner=told, events=events, at=at)


class History:
    """Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.accepted: dict[str, Accepted] = {}
        self.ids: dict[str, set[str]] = defaultdict(set)
        self.looks: dict[str, list[Look]] = defaultdict(list)
        self.deleted: dict[str, float] = {}
        self.doomed: dict[str, float] = {}
        self.files: dict[str, float] = {}
        self.walks: list[Walk] = []
        self.asked: dict[str, Asked] = {}
        self.unheard: Counter[str] = Counter()
        self.discards = Discards()
        self.painted: dict[str, set[str]] = defaultdict(set)
        self.batch_ids: dict[str, set[str]] = defaultdict(set)
        self.batch_rows: dict[str, list[str]] = {}
        self.batch_asked: dict[str, Accepted] = {}
        self.rounds: dict[str, int] = {}
        self.counts: dict[str, Mapping[str, int]] = {}
        self.missed: list[str] = []
        self.brought: dict[str, set[int]] = defaultdict(set)
        self.choices: list[Choice] = []
        self.answers: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.unanswered: dict[str, tuple[str, str, Mapping[str, Any]]] = {}

    def accept(self, kind: str, key: str, found: Mapping[str, Any], asked: Mapping[str, Any] | None = None) -> None:
        """A 201, for a body that may have asked to be told at ``http://receiver/manner/key``."""
        with self._lock:
            earlier = self.accepted.get(found["id"])
            at = earlier.at if earlier else time.monotonic()
            self.accepted[found["id"]] = _accepted(found["id"], kind, key, asked or {}, at)
            self.ids[key].add(found["id"])
            self.unanswered.pop(key, None)

    def newest_rounds(self) -> list[Accepted]:
        """Of each batch the newest round, called as its looks are: what was not told of a round before is dropped."""
        with self._lock:
            return [replace(each, id=round_of(one, self.rounds[one])) for one, each in self.batch_asked.items()]

    def leave(self, key: str, kind: str, path: str, body: Mapping[str, Any]) -> None:
        """A client gave up before anything was answered."""
        with self._lock:
            self.unanswered[key] = (kind, path, body)

    def refuse(self, why: str, key: str = "") -> None:
        """A request of this key, if it had one, was answered with what is wrong: what it named may have gone before it was heard."""
        with self._lock:
            self.refused[why] += 1
            self.unanswered.pop(key, None)

    def see(self, one: str, begun: float, ended: float, found: Mapping[str, Any] | None) -> None:
        """A look: the answer's body, or None where it was 404, which is as good as the 204 that a deletion may have lost."""
        status, fixed = shown(found) if found else (GONE, "")
        with self._lock:
            if found is None and one in self.doomed:
                self.deleted.setdefault(one, ended)
            self.looks[one].append(Look(begun=begun, ended=ended, status=status, fixed=fixed))

    def doom(self, one: str) -> None:
        """A client begins to ask for its deletion; without an answer it may be gone or not."""
        with self._lock:
            self.doomed.setdefault(one, time.monotonic())

    def delete(self, one: str) -> None:
        """A 204."""
        with self._lock:
            self.deleted.setdefault(one, time.monotonic())

    def keep(self, file: str) -> None:
        """A file was put, whose id this is."""
        with self._lock:
            self.files.setdefault(file, time.monotonic())

    def walk(self, walk: Walk) -> None:
        """A list was read to its end."""
        with self._lock:
            self.walks.append(walk)

    def ask(self, key: str, asked: Asked) -> None:
        """A client begins to ask for a picture, and will until it has it."""
        with self._lock:
            self.asked[key] = asked

    def unhear(self, key: str) -> None:
        """A try came to nothing of which the client knows what: its answer, or its picture, may be lost."""
        with self._lock:
            self.unheard[key] += 1

    def paint(self, key: str, what: str) -> None:
        """The pictures came, or that there will be none."""
        with self._lock:
            self.painted[key].add(what)

    def count(self, what: str) -> None:
        """Something that is only counted."""
        with self._lock:
            self.answers[what] += 1

    def miss(self, what: str) -> None:
        """Somebody looked, and it was not as it should be."""
        with self._lock:
            self.missed.append(what)

    def bring(self, key: str, number: int) -> None:
        """A version of the shelf's style was made with this Idempotency-Key."""
        with self._lock:
            self.brought[key].add(number)

    def brought_numbers(self) -> list[int]:
        """The versions of the shelf's style that were made so far."""
        with self._lock:
            return sorted({number for found in self.brought.values() for number in found})

    def choose(self, choice: Choice) -> None:
        """Somebody has let the shelf's style mean a version, or may have."""
        with self._lock:
            self.choices.append(choice)

    def take_batch(self, key: str, one: str, rows: list[str], asked: Mapping[str, Any] | None = None) -> None:
        """A batch was accepted, whose rows make these prompts, for a body that may have asked to be told."""
        with self._lock:
            self.batch_asked[one] = _accepted(one, BATCH, key, asked or {}, time.monotonic())
            self.batch_ids[key].add(one)
            self.batch_rows[one] = rows
            self.rounds.setdefault(one, 1)
            self.unanswered.pop(key, None)

    def see_batch(self, one: str, begun: float, ended: float, found: Mapping[str, Any]) -> None:
        """A look at a batch. Each of its rounds begins, and ends once."""
        self.see(round_of(one, found["round"]), begun, ended, found)
        with self._lock:
            self.rounds[one] = max(self.rounds.get(one, 1), int(found["round"]))
            if found["counts"] and found["report"]:
                self.counts[one] = found["counts"]

    def open_batches(self) -> list[str]:
        """Batches whose newest round has not been seen to end."""
        with self._lock:
            newest = {one: round_of(one, number) for one, number in self.rounds.items()}
        return [one for one, name in newest.items() if not self.final(name)]

    def unfinished(self) -> list[str]:
        """Batches whose newest round has ended, and not all of their rows well."""
        open_ones = self.open_batches()
        with self._lock:
            return [
                one
                for one, rows in self.batch_rows.items()
                if one not in open_ones and self.counts.get(one, {}).get("succeeded", 0) < len(rows)
            ]

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
