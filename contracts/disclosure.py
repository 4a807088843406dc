"""What whoever is shown a picture is told: that artificial intelligence made it. A stage has a sentence for each language.

The language is the one that a request asks for in ``Accept-Language``, or else the stage's own, the first of its sentences.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import Field

from contracts.declarations import text
from contracts.json_text import load
from contracts.model import Check

HEADER = "Atelier-Disclosure"
"""Has the sentence where an answer's body has no place for it."""

LANGUAGE = r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,2}"
LANGUAGE_RULE = "a language as BCP 47 writes it, such as en, ko or pt-BR"
LONGEST = 100
"""Characters of a sentence: of any script, it fits SageMaker's CustomAttributes, which take 1,024 of ASCII."""
MOST_BYTES = 600
"""Of all sentences: they are part of a function's environment, which has 4 KB."""

TEXTS: Mapping[str, str] = {
    "en": "This picture was generated or altered by artificial intelligence (AI).",
    "ko": "이 이미지는 인공지능(AI)으로 생성되었거나 변경되었습니다.",
}
"""Where a stage says nothing else."""

_LONGEST_ACCEPT = 500
_RANGE = re.compile(rf"\s*(\*|{LANGUAGE})\s*(?:;\s*q=([01](?:\.[0-9]{{0,3}})?)\s*)?", re.IGNORECASE)

Texts = Mapping[str, str]
"""Sentences by language, the stage's own language first."""

VARIABLE = "ATELIER_DISCLOSURE_"
"""Begins the names of a processing job's variables: one a sentence, since SageMaker takes 256 characters each."""

Language = Annotated[str, text("a language", longest=19, pattern=LANGUAGE)]
Sentence = Annotated[
    str, text("a sentence in one line", longest=LONGEST, pattern=r"[^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\x9f]")
]
_check = Check(Annotated[dict[Language, Sentence], Field(min_length=1)])


def read_texts(document: str) -> Texts:
    """From JSON text, ``{"en": …}``; without any, what is said where a stage says nothing. Raises InvalidInputError, or ValueError."""
    found: Texts = _check("disclosure", load(document)) if document else TEXTS
    return found


def as_variables(texts: Texts) -> dict[str, str]:
    """Sentences as a processing job's environment has them, in their order."""
    return {f"{VARIABLE}{number}": f"{each[0]}={each[1]}" for number, each in enumerate(texts.items())}


def from_variables(environment: Mapping[str, str]) -> Texts:
    """The same, read there; without any, what is said where a stage says nothing. Raises InvalidInputError."""
    numbered = sorted(
        (int(name.removeprefix(VARIABLE)), told) for name, told in environment.items() if name.startswith(VARIABLE)
    )
    found: Texts = _check("disclosure", dict(told.split("=", 1) for _, told in numbered)) if numbered else TEXTS
    return found


def chosen(texts: Texts, accepted: str = "") -> tuple[str, str]:
    """The language and the sentence that ``accepted`` prefers, an Accept-Language as RFC 9110 has it; the first where it wants none.

    ``ko-KR`` finds ``ko``, and ``pt`` finds ``pt-BR`` (RFC 4647). What cannot be read is passed over.
    """
    for wanted in _wanted(accepted):
        if wanted == "*":
            break
        for candidate in _shortened(wanted):
            found = next((name for name in texts if name.lower() == candidate), None)
            if found:
                return found, texts[found]
        within = next((name for name in texts if name.lower().partition("-")[0] == wanted), None)
        if within:
            return within, texts[within]
    first = next(iter(texts))
    return first, texts[first]


def header_value(language: str, sentence: str) -> str:
    """As a header has it, in ASCII: ``%"…";lang="ko"``, a Display String of RFC 9651 with its language."""
    escaped = "".join(
        chr(byte) if 0x20 <= byte < 0x7F and byte not in b'%"' else f"%{byte:02x}" for byte in sentence.encode()
    )
    return f'%"{escaped}";lang="{language}"'


def _wanted(accepted: str) -> list[str]:
    """The languages that are wanted at all, the most wanted first."""
    ranges = list(_ranges(accepted))
    return [name for name, weight in sorted(ranges, key=lambda pair: -pair[1]) if weight > 0]


def _ranges(accepted: str) -> Iterator[tuple[str, float]]:
    for part in accepted[:_LONGEST_ACCEPT].split(","):
        if read := _RANGE.fullmatch(part):
            yield read[1].lower(), float(read[2] or 1)


def _shortened(wanted: str) -> Iterator[str]:
    parts = wanted.split("-")
    for length in range(len(parts), 0, -1):
        yield "-".join(parts[:length])
