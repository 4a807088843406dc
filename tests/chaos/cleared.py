"""What must hold of a style that is deleted whole: nothing of it comes back, nothing of it is left, and what came later stays."""

from collections import Counter
from collections.abc import Iterator

from tests.chaos.discards import CAPE, Discard
from tests.chaos.evidence import Evidence
from tests.chaos.history import FINAL, TRAINING, History


def brought_back(history: History, evidence: Evidence) -> Iterator[str]:
    """A version that was deleted with its style is nowhere, and its number is nobody else's; a later one is there."""
    discards, published = history.discards, {each.number for each in evidence.versions if each.style == CAPE}
    times = Counter(number for found in discards.numbers.values() for number in found)
    yield from (f"{CAPE}@{number} is the version of several keys" for number, n in times.items() if n > 1)
    for number in sorted(discards.gone(float("inf")) | _trained_and_gone(history, evidence)):
        if number in published:
            yield f"{CAPE}@{number} was deleted with its style and is there"
        elif number in evidence.folders.get(CAPE, ()):
            yield f"{CAPE}@{number} was deleted with its style, and files of it are left"
        yield from _in_registry(number, evidence)
    for key, found in discards.numbers.items():
        for number, begun in found.items():
            if number not in published and not any(_may_have_met(begun, each) for each in discards.requests):
                yield f"{CAPE}@{number} of key {key} was brought when nobody deleted, and is gone"
    yield from (f"{each} is never finished" for each in evidence.deletions)


def _trained_and_gone(history: History, evidence: Evidence) -> set[int]:
    """Versions of trainings that somebody had seen to succeed before the style was deleted."""
    found = {}
    for name, run in evidence.trainings.items():
        if run.version.startswith(f"{CAPE}@"):
            ends = (look.ended for look in history.looks.get(name, ()) if look.status == "succeeded")
            found[int(run.version.partition("@")[2])] = min(ends, default=float("inf"))
    sure = [each for each in history.discards.requests if each.sure]
    return {number for number, end in found.items() if any(end <= each.begun for each in sure)}


def _in_registry(number: int, evidence: Evidence) -> Iterator[str]:
    """Its package stays, so that the number is not given again, and says what became of it."""
    statuses = [status for arn, status in evidence.packages.items() if arn.endswith(f"-{CAPE}/{number}")]
    if statuses != ["Rejected"]:
        yield f"{CAPE}@{number} was deleted with its style, its package is {statuses or 'gone'}"


def _may_have_met(begun: float, discard: Discard) -> bool:
    """Whether the deletion may have found a version that a request made which began then."""
    return discard.ended >= begun


def deleted_at_work(history: History, _: Evidence) -> Iterator[str]:
    """A style is not deleted under a training that runs all the while."""
    trainings = [each.id for each in history.known() if each.kind == TRAINING and each.id.startswith(f"{CAPE}-")]
    for discard in (each for each in history.discards.requests if each.sure):
        for one in trainings:
            looks = [look for look in history.looks[one] if look.status not in (*FINAL, "gone")]
            ran_before = any(look.ended <= discard.begun for look in looks)
            if ran_before and any(look.begun >= discard.ended for look in looks):
                yield f"{CAPE} was deleted while training {one} ran"
