"""What docs/learn/how-fine-tuning-works.md compares: for each tip the ways to train, and the scores by which they differ."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bench.train.learnt import Spread

Language = Literal["en", "ko"]
Words = Mapping[Language, str]

LANGUAGES: Sequence[Language] = ("en", "ko")
DEFAULT = "as it is"
TOLD_APART = 2.8
"""Standard errors of the difference: what two means of three trainings must differ by at 95 % (Student's t, 4 degrees of freedom)."""


@dataclass(frozen=True, kw_only=True)
class TipScore:
    """A score of a training as charts show it; ``most`` is the end of its axis, or None where that is the highest value."""

    words: Words
    most: float | None = 1.0
    digits: int = 2


@dataclass(frozen=True, kw_only=True)
class Tip:
    """Ways to train by their names in TRIED, with what charts call them; the others are compared with DEFAULT."""

    ways: Mapping[str, Words]
    scores: Sequence[str]


def _named(english: str, korean: str) -> Words:
    return {"en": english, "ko": korean}


SCORES: Mapping[str, TipScore] = {
    "garment_share": TipScore(
        words=_named("likeness: the garment's colours in other photos", "닮음: 다른 사진에서 그 옷의 색이 나온 비율")
    ),
    "leak_both": TipScore(words=_named("leak: another skirt shows the style", "새어 나옴: 다른 치마에 스타일이 나옴")),
    "leak_colour": TipScore(words=_named("other colours obeyed", "말한 다른 색을 따름")),
    "loss": TipScore(words=_named("error on new pictures of the garment", "그 옷의 새 사진에서의 오차"), most=None),
    "megabytes": TipScore(words=_named("size of the adapter, MB", "어댑터 크기, MB"), most=None, digits=1),
}

TIPS: Mapping[str, Tip] = {
    "prior": Tip(
        ways={
            "as it is": _named("without", "없이"),
            "prior of 10 pictures": _named("10 class pictures", "클래스 10장"),
            "prior preserved": _named("60 class pictures", "클래스 60장"),
        },
        scores=("garment_share", "leak_both", "leak_colour"),
    ),
    "masks": Tip(
        ways={
            "as it is": _named("the true masks", "참 마스크"),
            "masks from words": _named("found by words", "낱말로 찾음"),
            "random masks": _named("random masks", "아무 마스크"),
        },
        scores=("garment_share", "loss"),
    ),
    "learning-rate": Tip(
        ways={
            "learning rate 0.0004": _named("0.0004", "0.0004"),
            "learning rate 0.0012": _named("0.0012", "0.0012"),
            "as it is": _named("0.004", "0.004"),
            "learning rate 0.04": _named("0.04", "0.04"),
        },
        scores=("garment_share", "loss"),
    ),
    "steps": Tip(
        ways={
            "15 steps": _named("15 steps", "15걸음"),
            "as it is": _named("60 steps", "60걸음"),
            "160 steps": _named("160 steps", "160걸음"),
        },
        scores=("garment_share", "loss", "leak_both"),
    ),
    "rank": Tip(
        ways={
            "rank 1": _named("rank 1", "랭크 1"),
            "rank 4": _named("rank 4", "랭크 4"),
            "as it is": _named("rank 16", "랭크 16"),
            "rank 64": _named("rank 64", "랭크 64"),
        },
        scores=("garment_share", "loss", "leak_both", "megabytes"),
    ),
    "pictures": Tip(
        ways={
            "4 pictures": _named("4 pictures", "4장"),
            "as it is": _named("12 pictures", "12장"),
            "24 pictures": _named("24 pictures", "24장"),
        },
        scores=("garment_share", "loss"),
    ),
    "captions": Tip(
        ways={
            "as it is": _named("“sks skirt”", "“sks skirt”"),
            "no own word": _named("“a skirt”", "“a skirt”"),
            "worn besides": _named("“… a red shirt”", "“… a red shirt”"),
        },
        scores=("garment_share", "leak_both"),
    ),
}


def told_apart(one: Spread, other: Spread) -> bool:
    """Whether two means differ by more than chance would have them, at TOLD_APART standard errors."""
    return abs(one.mean - other.mean) > TOLD_APART * math.hypot(one.error, other.error)
