"""The gate that words pass before anything costs: what a request asks for in all its fields together."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from contracts.errors import Problem
from contracts.garments import GARMENTS
from contracts.prediction import PredictionInput
from contracts.safety import english, korean
from contracts.safety.letters import is_korean
from contracts.safety.people import likeness
from contracts.safety.reading import Reading, read
from contracts.safety.refusal import RefusedWordsError
from contracts.safety.rules import SafetyRules, Words
from contracts.safety.thresholds import ADULT, FEWEST_GARMENTS_AWAY
from contracts.safety.vocabulary import CLOTHES, COVERS, SWIMWEAR, UNDERWEAR

SAID = ("prompt", "negative_prompt", "mask_prompt")
"""The fields of a prediction that hold words."""
NEGATIVE = "negative_prompt"
"""The field that says what is not to be painted, so that its words mean the opposite."""
MASKS = ("mask_prompt", "target")
"""Fields that say where something is painted."""
ALLOWED: Mapping[Words, str] = {
    "nudity": "words for garments: no body is painted bare (the colour is understood where its thing follows: nude heels)",
    "undressing": "what is to be worn: nobody is undressed",
    "minors": "children in ordinary garments; say woman or man where an adult is meant",
    "person": "people without a name: nobody who has not agreed is painted",
    "swimwear": "other garments: this stage does not say that it sells swimwear (safety.sells)",
    "underwear": "other garments: this stage does not say that it sells underwear (safety.sells)",
    "stage": "other words: this stage refuses these",
}
"""What somebody is told who is refused."""


GARMENT = re.compile(
    f" (?:{'|'.join((*GARMENTS, *COVERS, *CLOTHES, *UNDERWEAR, *SWIMWEAR, 'sleeve', 'sleeves', 'sleeveless'))})s? "
)
COVERED = re.compile(
    r" (?:skin|flesh|body|chest|torso|belly|hips|pelvis|bust|nothing(?! else)|breasts?|thighs|butt|buttocks|none) "
)
"""What garments cover, or that there are none."""


@dataclass(frozen=True)
class WordFinding:
    """What was found in a field: the kind of request, and the words by which it was known."""

    kind: Words
    field: str
    words: str

    def problem(self, where: str) -> Problem:
        """As an error's problem; ``where`` comes before the field's name."""
        return Problem(f"{where}{self.field}", self.words, ALLOWED[self.kind], reason=f"words-{self.kind}")


def check_words(fields: Mapping[str, str], rules: SafetyRules, *, where: str = "input.") -> None:
    """Raises RefusedWordsError where the words of a request, by field, ask for what is refused."""
    found = [finding.problem(where) for finding in judge(fields, rules)]
    if found:
        raise RefusedWordsError.of(found)


def check_prediction(inputs: PredictionInput, rules: SafetyRules) -> None:
    """The same of a prediction's words."""
    check_words({name: getattr(inputs, name) for name in SAID}, rules)


def judge(fields: Mapping[str, str], rules: SafetyRules) -> list[WordFinding]:
    """What is refused of a request's fields, the first finding of each kind and field."""
    readings = {name: _read(words) for name, words in fields.items() if words.strip()}
    found: dict[tuple[str, str], WordFinding] = {}
    for finding in _findings(readings, rules):
        if rules.looks_for(finding.kind):
            found.setdefault((finding.kind, finding.field), finding)
    return list(found.values())


@lru_cache(maxsize=256)
def _read(words: str) -> Reading:
    return read(words)


def _findings(readings: Mapping[str, Reading], rules: SafetyRules) -> Iterator[WordFinding]:
    asked = {name: reading for name, reading in readings.items() if name != NEGATIVE}
    yield from _minors(asked)
    yield from _replaced(asked)
    for name, reading in asked.items():
        yield from _said(name, reading)
        yield from _stages_own(name, reading, rules)
        if name in MASKS and (mask := korean.MASKS.search(reading.korean)):
            yield WordFinding("nudity", name, mask[0].strip())
        if person := likeness(reading):
            yield WordFinding("person", name, person)
    if NEGATIVE in readings:
        yield from _unwanted(readings[NEGATIVE])


def _replaced(asked: Mapping[str, Reading]) -> Iterator[WordFinding]:
    """A garment whose place is taken by no garment, but by what it covers."""
    masked = next((asked[name] for name in MASKS if name in asked), None)
    prompt = asked.get("prompt")
    if masked is None or prompt is None or not (GARMENT.search(masked.words) or korean.GARMENT.search(masked.korean)):
        return
    if GARMENT.search(prompt.words) or korean.GARMENT.search(prompt.korean):
        return
    if found := COVERED.search(prompt.words) or korean.COVERED.search(prompt.korean):
        yield WordFinding("undressing", "prompt", found[0].strip())


def _said(name: str, reading: Reading) -> Iterator[WordFinding]:
    listed: tuple[tuple[Words, Sequence[str], Sequence[str]], ...] = (
        ("nudity", english.NUDITY, korean.NUDITY),
        ("undressing", english.UNDRESSED, korean.UNDRESSED),
        ("swimwear", english.SWIM, korean.SWIM),
        ("underwear", english.UNDER, korean.UNDER),
    )
    dressed = korean.ALLOWED_OFF.sub(" ", reading.korean)
    for kind, spoken, said in listed:
        for words, text in ((spoken, reading.words), (said, dressed)):
            if found := _first(words, text):
                yield WordFinding(kind, name, found)


def _first(listed: Sequence[str], text: str) -> str:
    found = english.pattern(tuple(listed)).search(text)
    return found[0].strip(" |") or text.strip() if found else ""


def _minors(asked: Mapping[str, Reading]) -> Iterator[WordFinding]:
    """A child in one field and what no child is shown in, in the same or another."""
    child = next(((name, word) for name, reading in asked.items() if (word := _child(reading))), None)
    unfit = next(((name, word) for name, reading in asked.items() if (word := _unfit(reading))), None)
    for name, reading in asked.items():
        if never := _first(english.NEVER_CHILD, reading.words) or _first(korean.NEVER_CHILD, reading.korean):
            yield WordFinding("minors", name, never)
    if child and unfit:
        yield WordFinding("minors", unfit[0], f"{child[1]} … {unfit[1]}")


def _child(reading: Reading) -> str:
    for pattern, text in ((english.AGE, reading.words), (korean.AGE, reading.korean)):
        for found in pattern.finditer(text):
            if int(next(number for number in found.groups() if number)) < ADULT:
                return found[0].strip()
    for written, text in ((english.WRITTEN_AGE, reading.words), (korean.WRITTEN_AGE, reading.korean)):
        if word := written.search(text):
            return word[0].strip()
    return _first(english.CHILD, reading.words) or _first(korean.CHILD, reading.korean)


def _unfit(reading: Reading) -> str:
    spoken = (*english.SUGGESTED, *english.NUDITY, *english.UNDRESSED, *english.SWIM, *english.UNDER)
    said = (*korean.SUGGESTED, *korean.NUDITY, *korean.UNDRESSED, *korean.SWIM, *korean.UNDER)
    return _first(spoken, reading.words) or _first(said, korean.ALLOWED_OFF.sub(" ", reading.korean))


def _unwanted(reading: Reading) -> Iterator[WordFinding]:
    """A negative prompt without clothes is one for none; one without nudity is anybody's."""
    if found := english.GENERAL_NEGATIVE.search(reading.words) or korean.NEGATIVE.search(reading.korean):
        yield WordFinding("undressing", NEGATIVE, found[0].strip(" |,"))
        return
    away = {word for word in reading.tokens if word in (*COVERS, *UNDERWEAR, *SWIMWEAR)}
    intimate = away & {*UNDERWEAR, *SWIMWEAR}
    guarded = english.PROTECTIVE.search(reading.words) or korean.EXPOSED.search(reading.korean)
    if len(away) >= FEWEST_GARMENTS_AWAY and intimate and not guarded:
        yield WordFinding("undressing", NEGATIVE, ", ".join(sorted(away)))


def _stages_own(name: str, reading: Reading, rules: SafetyRules) -> Iterator[WordFinding]:
    for words in rules.also_refused:
        own = read(words)
        said = own.korean.strip() if any(map(is_korean, words)) else ""
        if own.words in reading.words or (said and re.search(rf"(?<![가-힣]){re.escape(said)}", reading.korean)):
            yield WordFinding("stage", name, words)
