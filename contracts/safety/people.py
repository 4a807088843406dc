"""Requests for somebody's likeness: a name that is known, or words that say that somebody is to look like a person."""

import re
from collections.abc import Iterator
from functools import cache

from contracts.safety.known_people import ALONE, KNOWN_PEOPLE, KOREAN, KOREAN_ALIENS, KOREAN_AMBIGUOUS, ON_A_STAGE
from contracts.safety.reading import Reading

_MOST_WORDS = 5
"""Of a name."""
_STAGE = r" (?:singer|rapper|actress|actor|popstar|idol|kpop|face|celebrity|song|concert|lookalike) "
_NAME = r"(?:dr |mr |mrs |ms )?\^\w+ (?:\^\w+ )*\^\w+"
_ANYBODY = (
    r"(?!(?:an?|the|she|he|they|it|real|in|on|at|from|someone|somebody|if|this|that|her|his|my|your|their|those|royalty) )"
    r"\w{3,} \w{3,} (?=\||$|in|with|wearing)"
)
_SOMEBODY = (
    r"(?:woman|man|girl|boy|person|model|she|he|her|him|them|who|lady|guy|actor|actress|someone|somebody|mannequin)"
)
_TRADE = r"(?:actress|actor|singer|rapper|politician|president|senator|minister|chancellor|footballer|influencer|supermodel|popstar|idol)"
_RULER = r"(?:president|queen|king|prime minister|pope|chancellor|prince|princess|dictator|senator)"
_ALIKE = (
    r" (?:deepfakes?|deepfaked|deepfaking|faceswaps?|faceswapped|faceswapping|doppelganger|doppelgangers|lookalikes?) | deep fakes? ",
    r" look alikes? (?:of|for) | (?:celebrity|famous|star) look alikes? ",
    r" (?:face swap|faces swapped|swap(?:s|ped|ping)?(?: the| her| his| their| my)* (?:face|faces|head|heads)) ",
    r" (?:replac(?:e|es|ed|ing)|chang(?:e|es|ed|ing))(?: the| her| his)* (?:face|head) (?:with|by|into|for) ",
    r" (?:face|head|body|likeness) of (?:an? |the )?(?:famous|celebrity|wellknown|known|well known|real) ",
    r" in the likeness of | (?:famous|celebrity|real) (?:actress|actor|singer|politician|idol)s? (?:face|lookalike)",
    rf" looks?(?:ing)? (?:exactly |just |a lot )?like (?:the |a )?{_RULER} | (?:face|body|head) of (?:the |a )?{_RULER} ",
    r" (?:my|his|her|your) (?:ex|ex girlfriend|ex wife|ex boyfriend|classmate|coworker|colleague|neighbour|neighbor|teacher|boss)s? "
    r"(?:face|likeness) ",
)
_NAMED = (
    rf" (?:face|head|likeness|body) of {_NAME} ",
    rf" {_SOMEBODY} (?:that |who |should |must |to |will |exactly )*looks? (?:exactly |just |a lot )?like {_NAME} ",
    rf" {_SOMEBODY} (?:that |who |should |must |to |will |exactly )*looks? (?:exactly |just |a lot )?like {_ANYBODY}",
    rf" looking (?:exactly|just|precisely) like {_NAME} ",
    rf" {_SOMEBODY} (?:that |who |should |must |to |will )*resembl(?:e|es|ing) {_NAME} ",
    rf" (?:resembl(?:e|es|ing)|portrait of|photo of|picture of)(?: the| an?)* {_TRADE} ",
    rf" {_TRADE} {_NAME} ",
)
_KOREAN_STAR = r"(?:배우|가수|아이돌|연예인|정치인|대통령|걸그룹|유튜버|축구선수|선수|얼굴)"
_KOREAN = (
    r"딥\s?페이크|얼굴\s?(?:합성|바꿔치기)|유명인|연예인\s?(?:얼굴|닮|처럼|같)",
    r"[가-힣]{2,5}(?:을|를|이랑|랑|과|와)?\s?닮은\s?(?:얼굴|여자|남자|사람|모델|여성|남성)",
    r"[가-힣]{2,5}(?:처럼|같이|랑|이랑)\s?(?:똑같이\s?)?생긴\s?(?:얼굴|여자|남자|사람|모델|여성|남성)",
    r"(?:배우|가수|아이돌|정치인|대통령|연예인)\s[가-힣]{2,4}(?:의)?\s얼굴",
)


def likeness(reading: Reading) -> str:
    """Who is asked for, or the words that ask for somebody's looks; empty where nobody is."""
    return next(_found(reading), "")


def _found(reading: Reading) -> Iterator[str]:
    yield from _known(reading)
    for pattern, text in ((_english(), reading.words), (_names(), reading.named), (_korean_words(), reading.korean)):
        if found := pattern.search(text):
            yield found[0].replace("^", "").strip()


def _known(reading: Reading) -> Iterator[str]:
    words = reading.tokens
    for start, first in enumerate(words):
        name = ""
        for word in words[start : start + _MOST_WORDS]:
            name += word
            if name in KNOWN_PEOPLE or name.removesuffix("s") in KNOWN_PEOPLE:
                yield name
        if first.removesuffix("s") in ALONE or first in ALONE:
            yield first
        if first in ON_A_STAGE and re.search(_STAGE, reading.words):
            yield first
    yield from _known_in_korean(reading.korean)


def _known_in_korean(text: str) -> Iterator[str]:
    if not _korean_names().search(text) and not any(name in text.replace(" ", "") for name in KOREAN_ALIENS):
        return
    closed = text.replace(" ", "")
    yield from (name for name in KOREAN_ALIENS if name.lower() in closed)
    for found in _korean_names().finditer(text):
        if found[1] not in KOREAN_AMBIGUOUS or re.search(_KOREAN_STAR, text):
            yield found[1]


@cache
def _korean_names() -> re.Pattern[str]:
    ending = (
        r"(?:이|가|은|는|을|를|의|와|과|랑|이랑|도|처럼|같은|같이|씨|님|에게|한테|로|으로)?(?![가-힣])|이?가\s?입은"
    )
    return re.compile(rf"(?<![가-힣])({'|'.join(KOREAN)})(?:{ending})")


@cache
def _english() -> re.Pattern[str]:
    return re.compile("|".join(_ALIKE))


@cache
def _names() -> re.Pattern[str]:
    return re.compile("|".join(_NAMED))


@cache
def _korean_words() -> re.Pattern[str]:
    return re.compile("|".join(_KOREAN))
