"""What receivers of webhooks heard, and what clients are to be told by them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from tests.chaos.history import FINAL, Accepted, History

START, END = "start", "end"


class Manner(StrEnum):
    """How a receiver is until it is mended; it takes every message then, unless it is one of LASTING."""

    WELL = "well"
    """It takes every message from the beginning."""

    DOWN = "down"
    """It refuses connections."""

    SLOW = "slow"
    """It answers later than anybody waits for."""

    BROKEN = "broken"
    """It answers 500."""

    BUSY = "busy"
    """It answers 429."""

    CUTTING = "cutting"
    """It hangs up in the middle of its answer's first line."""

    REDIRECTING = "redirecting"
    """It answers 307, and says where else to go."""

    GONE = "gone"
    """It answers 410, for ever."""

    DEAD = "dead"
    """It answers 500, for ever."""


LASTING = (Manner.GONE, Manner.DEAD)


@dataclass(frozen=True, kw_only=True)
class Message:
    """One try of one message as it came.

    ``name`` is its webhook-id, ``kind`` START or END, ``manner`` and ``key`` (an Idempotency-Key) are of the address that it was sent to.
    ``id`` (of a batch with its round), ``status`` and ``fixed`` are of the thing in it, as a look says them. ``taken``: it was answered
    2xx, as far as the receiver knows. ``genuine``: its signature is the stage's. ``late``: it came when clocks were put far ahead.
    """

    name: str
    kind: str
    manner: Manner
    key: str
    id: str
    status: str
    fixed: str
    taken: bool
    genuine: bool
    late: bool


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """A record of the stage's table about what is to be told of a thing, in the end."""

    name: str
    of: str
    status: str


def wanted(accepted: Accepted, status: str) -> set[str]:
    """The messages that must come of something that ended so."""
    events, happened = set(accepted.events), {"completed", *(["output"] if status == "succeeded" else [])}
    return ({START} & events) | ({END} if happened & events else set())


def missing(history: History, messages: Iterable[Message], manners: Collection[Manner]) -> list[tuple[Accepted, str]]:
    """What clients with receivers of these manners should have been told by now, and which message they lack.

    Of what somebody began to delete nothing needs to come: it may be gone before it is told of.
    """
    taken = {(each.id, each.kind) for each in messages if each.taken and each.genuine}
    every = (*history.known(), *history.newest_rounds())
    hoped = [one for one in every if one.manner in manners and one.id not in history.doomed]
    return [
        (one, kind)
        for one in hoped
        if (status := history.final(one.id)) in FINAL
        for kind in sorted(wanted(one, status))
        if (one.id, kind) not in taken
    ]
