"""What must hold of lists, files, pictures that are waited for, and of a style's name that people move, whatever went wrong."""

from collections import Counter
from collections.abc import Iterator, Mapping

from tests.chaos.evidence import Evidence
from tests.chaos.history import FILE, PREDICTION, SHELF, TRAINING, History, Walk

RAN_OUT = "no answer came"
"""What the error of a prediction says whose answer was waited for until none could come."""

_INDEX_SECONDS = 2.0
"""An index of DynamoDB may be so old."""


OURS = "500 an error of ours"
"""How what a client is refused with begins where nothing that goes wrong by itself was the reason: that is answered 503."""


SHUT_OUT = ("401 ", "403 ")
"""How what a client is refused with begins whose key is nobody's, or may not do this."""


def erred(history: History, _: Evidence) -> Iterator[str]:
    """No request meets an error of ours: what may pass by itself is another answer. Whose key is right is let in."""
    wrong = (OURS, *SHUT_OUT)
    yield from (f"{times} times: {why}" for why, times in history.refused.items() if why.startswith(wrong))


def unlisted(history: History, _: Evidence) -> Iterator[str]:
    """A list that is read to its end has everything once that was there all the while, and nothing that was gone before."""
    for walk in history.walks:
        for one, times in Counter(walk.ids).items():
            if times > 1:
                yield f"a list of {walk.kind} has {one} {times} times"
        if walk.kind in (PREDICTION, TRAINING, FILE):
            yield from _missing(walk, _made(history, walk.kind), history)
    base_models = {walk.ids for walk in history.walks if walk.kind == "base-models"}
    if len(base_models) > 1:
        yield f"lists of base models differ, though nobody changed any: {sorted(base_models)}"


def _made(history: History, kind: str) -> Mapping[str, float]:
    """When each was there for certain."""
    return history.files if kind == FILE else {each.id: each.at for each in history.known() if each.kind == kind}


def _missing(walk: Walk, made: Mapping[str, float], history: History) -> Iterator[str]:
    never = float("inf")
    for one, at in made.items():
        there = at + _INDEX_SECONDS < walk.begun and history.doomed.get(one, never) > walk.ended
        if there and one not in walk.ids:
            yield f"a list of {walk.kind} lacks {one}"
        if history.deleted.get(one, never) + _INDEX_SECONDS < walk.begun and one in walk.ids:
            yield f"a list of {walk.kind} has {one}, which was deleted before"


def misplaced(history: History, evidence: Evidence) -> Iterator[str]:
    """A file that was put is there until somebody deletes it, and what somebody looked for was so."""
    yield from history.missed
    for one in history.files:
        if one not in history.doomed and one not in evidence.files:
            yield f"file {one} was put and is gone"
        if one in history.deleted and one in evidence.files:
            yield f"file {one} was deleted and is there"


def unpainted(history: History, _: Evidence) -> Iterator[str]:
    """A client who asks until the picture is there has it at last, and the same one with the same key."""
    for key in history.asked:
        found = history.painted.get(key, set())
        if not found:
            yield f"the picture of key {key} never came"
        if len(found) > 1:
            yield f"key {key} was answered with {sorted(found)}"
        yield from (f"key {key} ended only because its time ran out" for each in found if RAN_OUT in each)


def repainted(history: History, evidence: Evidence) -> Iterator[str]:
    """What is asked for until it is there is one prediction.

    A client whose API knows neither a key nor a number of the try may have had a picture whose answer was lost: for each of those one more.
    """
    for key, asked in history.asked.items():
        most = 1 if asked.is_keyed or asked.counts else 1 + history.unheard[key]
        if (made := evidence.prompts.get(asked.prompt, 0)) > most:
            yield f"key {key}, {asked.path}: {made} predictions of one picture, at most {most} were asked for"


def misordered(history: History, evidence: Evidence) -> Iterator[str]:
    """Versions that were brought are there, each with its number; the style means what the last who chose let it mean."""
    numbers = Counter(number for found in history.brought.values() for number in found)
    yield from (f"{SHELF}@{n} is the version of several keys" for n, times in numbers.items() if times > 1)
    for key, brought in history.brought.items():
        if len(brought) > 1:
            yield f"key {key} made {sorted(brought)}"
    published = {each.number for each in evidence.versions if each.style == SHELF}
    for number in numbers:
        name = f"{SHELF}@{number}"
        if name not in history.doomed and number not in published:
            yield f"{name} was brought and is gone"
        if name in history.deleted and number in published:
            yield f"{name} was deleted and is there"
    if history.choices and not _is_possible(evidence.latest.get(SHELF), history):
        yield f"{SHELF} means {evidence.latest.get(SHELF)}, and a later choice was another"


def _is_possible(meaning: int | None, history: History) -> bool:
    """Whether somebody chose it, and nobody for certain chose another one after that."""
    sure = [each for each in history.choices if each.sure and each.meaning != meaning]
    return any(
        each.meaning in (meaning, None) and not any(later.begun > each.ended for later in sure)
        for each in history.choices
    )
