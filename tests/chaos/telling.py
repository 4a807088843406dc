"""What must hold of webhooks whatever went wrong: nobody who wanted to be told is left untold, and nobody is told what is not so."""

from collections import defaultdict
from collections.abc import Iterator

from tests.chaos.evidence import Evidence
from tests.chaos.history import FINAL, History
from tests.chaos.messages import END, LASTING, Manner, Message, missing, wanted

UNDELIVERED, GIVEN_UP = "undelivered", "given up"
"""Statuses of the records in the stage's table."""


def untold(history: History, evidence: Evidence) -> Iterator[str]:
    """A receiver that could take a message at last has taken each that its client wanted."""
    for one, kind in missing(history, evidence.messages, [each for each in Manner if each not in LASTING]):
        yield f"{one.kind} {one.id} (key {one.key}): its {one.manner} receiver took no message of its {kind}"


def told_late(history: History, evidence: Evidence) -> Iterator[str]:
    """A receiver that took everything from the beginning did not wait for hours."""
    first: dict[str, Message] = {}
    for each in evidence.messages:
        first.setdefault(each.name, each)
    for each in first.values():
        if each.manner == Manner.WELL and each.late and each.id not in history.doomed:
            yield f"{each.id}: the first try of {each.name} came hours late"


def told_wrongly(history: History, evidence: Evidence) -> Iterator[str]:
    """Messages are signed, about what was accepted, agree with what looks say, have one name each; none followed a redirect."""
    names = defaultdict(set)
    for each in evidence.messages:
        names[each.id, each.kind].add(each.name)
        if not each.genuine:
            yield f"{each.name} has a wrong signature"
        made = history.ids.get(each.key, set()) | history.batch_ids.get(each.key, set())
        if each.id.partition("#")[0] not in made:
            yield f"{each.name}, sent to the address of key {each.key}, is about {each.id}, which that has not made"
        yield from (f"{each.name} {what}" for what in _contradictions(each, history))
    for (one, kind), found in names.items():
        if len(found) > 1:
            yield f"{one}: its {kind} is told by {sorted(found)}"
    yield from (f"a redirect was followed: {each}" for each in evidence.strayed)


def _contradictions(message: Message, history: History) -> Iterator[str]:
    if message.kind == END and message.status not in FINAL:
        yield f"tells of an end, and says {message.status}"
    looks = {(look.status, look.fixed) for look in history.looks.get(message.id, ()) if look.status in FINAL}
    said = (message.status, message.fixed)
    if message.status in FINAL and looks - {said}:
        yield f"says {' '.join(said)}, and a look {sorted(looks - {said})}"


def never_given_up(history: History, evidence: Evidence) -> Iterator[str]:
    """Each thing has one record of what to tell, and no record is looked at for ever: only one that nobody could take was given up."""
    records = defaultdict(list)
    for each in evidence.webhooks:
        records[each.of].append(each)
        if each.status == UNDELIVERED:
            yield f"webhook {each.name} of {each.of} is still to be delivered, days later"
    for one in history.known():
        if not one.manner or one.id in history.doomed:
            continue
        found, hopeless = records[one.id], one.manner in LASTING and bool(wanted(one, history.final(one.id)))
        if len(found) != 1:
            yield f"{one.kind} {one.id} has {len(found)} webhooks: {[each.name for each in found]}"
        elif found[0].status != UNDELIVERED and (found[0].status == GIVEN_UP) != hopeless:
            yield f"webhook {found[0].name} of {one.id} is {found[0].status}, its receiver {one.manner}"
