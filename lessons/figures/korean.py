"""What stands on teaching pictures, in Korean, and the font that has it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from PIL import ImageFont

from lessons.figures.card import TITLE_SIZE, WORDS_SIZE, Band, Lettering

FONT, KOREAN_FACE, PACKAGE = "NotoSansCJK-Regular.ttc", 1, "fonts-noto-cjk"
"""Pillow looks for the file in the system's folders of fonts; Debian's and Ubuntu's package brings it."""
_LIFT = 8
"""Pixels that this font's words stand lower than those of Pillow's own."""
NUMBER = re.compile(r"\d+(?:\.\d+)?")
_THE_SAME = re.compile(r"“[^”]*”|(?:t = )?#(?: %| dB)?")
"""What every language writes alike: a prompt in its marks, a number with its unit."""

LABELS: Mapping[str, str] = {
    "#: all is forgotten": "#: 모두 잊음",
    "#: too little is learnt": "#: 너무 조금 배움",
    "# steps": "#걸음",
    "before: three photos as “sks skirt” · as “a red skirt”": "배우기 전: 세 장은 “sks skirt” · 한 장은 “a red skirt”",
    "best #": "최고 #",
    "bytes that changed": "바뀐 바이트",
    "channel #: the mask · # to #: the latent of what is outside": "채널 #: 마스크 · #~#: 바깥 그림의 잠재값",
    "channels # to #: the noisy latent": "채널 #~#: 노이즈 섞인 잠재값",
    "decoded again": "되돌린 그림",
    "decoded, and how much of the picture is in the mix": "되돌린 것과, 그 안에 남은 그림의 몫",
    "difference, # times": "차이, #배",
    "feathered edge": "부드러운 경계",
    "from where each word is looked at": "각 낱말을 어디에서 보는가",
    "from “a skirt” to its mask": "“a skirt”에서 그 마스크까지",
    "grown by # %": "# % 넓힘",
    "hard edge": "딱딱한 경계",
    "how much is new": "얼마나 새것인지",
    "how sure the segmenter is of each word": "세그먼터가 각 낱말을 얼마나 확신하는가",
    "left: what a step is given · right: its guess, decoded": "왼쪽: 걸음이 받은 것 · 오른쪽: 짐작한 그림",
    "mask": "마스크",
    "out of the photo, painted, and back": "사진에서 잘라 내고, 그리고, 다시 붙이기",
    "over the picture": "그림 위에",
    "photo": "사진",
    "picture": "그림",
    "picture outside it": "마스크 바깥",
    "prior preserved": "prior 보존",
    "random masks": "아무 마스크",
    "result": "결과",
    "scale #": "배율 #",
    "step #, t = #": "#번째 걸음, t = #",
    "the garment's masks": "옷의 마스크",
    "the latent: picture and noise mixed": "잠재값: 그림과 노이즈를 섞은 것",
    "the same edge, close by": "같은 경계를 가까이에서",
    "three photos as “sks skirt” · the first as “a red skirt”": "세 장은 “sks skirt” · 첫 장은 다시 “a red skirt”",
    "twelve pictures to learn from": "배울 사진 열두 장",
    "what changes without the word": "낱말을 빼면 어디가 바뀌는가",
    "what goes in": "들어가는 것",
    "what it paints": "모델이 그린 것",
    "what the model sees": "모델이 보는 것",
    "without": "보존 없이",
}
"""By what the English picture says, with ``#`` for every number: they come in the same order in both."""


def korean_label(label: str) -> str:
    """A title or words in Korean. Raises ValueError where LABELS lacks them."""
    pattern = NUMBER.sub("#", label)
    if not label or _THE_SAME.fullmatch(pattern):
        return label
    if pattern not in LABELS:
        raise ValueError(f"label of a teaching picture: got {pattern!r}; allowed: those of lessons/figures/korean.py")
    numbers = iter(NUMBER.findall(label))
    return re.sub("#", lambda _: next(numbers), LABELS[pattern])


def in_korean(bands: Sequence[Band]) -> list[Band]:
    """The same bands with Korean words; prompts stay. Raises ValueError where LABELS lacks a label."""
    return [
        replace(
            band,
            title=band.title if band.is_prompt else korean_label(band.title),
            panels=[replace(each, words=[korean_label(words) for words in each.words]) for each in band.panels],
        )
        for band in bands
    ]


def korean_lettering() -> Lettering | None:
    """Fonts for Korean words; None where this machine has none."""
    try:
        title, words = (ImageFont.truetype(FONT, size, index=KOREAN_FACE) for size in (TITLE_SIZE, WORDS_SIZE))
    except OSError:
        return None
    return Lettering(title=title, words=words, lift=_LIFT)
