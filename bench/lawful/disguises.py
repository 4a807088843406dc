"""Ways in which people hide words from filters; each takes a text and a seeded dice, and gives the text in disguise."""

import random
import unicodedata
from collections.abc import Callable, Mapping

Disguise = Callable[[str, random.Random], str]

_LEET = str.maketrans("aeiost", "431057")
_CYRILLIC = str.maketrans("aceopxyi", "асеорхуі")
_KOREAN_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_KOREAN_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_KOREAN_FINALS = ("", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ")
_LONG = 4
"""Letters of words that are worth hiding."""


def _each_word(text: str, change: Callable[[str], str]) -> str:
    return " ".join(
        change(word) if len(word) >= _LONG and word.isascii() and word.isalpha() else word for word in text.split(" ")
    )


def _apart(between: str) -> Disguise:
    return lambda text, _: _each_word(text, between.join)


def _broken(text: str, dice: random.Random) -> str:
    def broken(word: str) -> str:
        place = dice.randint(2, len(word) - 2) if len(word) > _LONG - 1 else 1
        return f"{word[:place]}{dice.choice(' .-_')}{word[place:]}"

    return _each_word(text, broken)


def _wide(text: str, _: random.Random) -> str:
    return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in text)


def _mathematical(text: str, _: random.Random) -> str:
    return "".join(chr(0x1D41A + ord(letter) - ord("a")) if "a" <= letter <= "z" else letter for letter in text)


def _unseen(text: str, dice: random.Random) -> str:
    return "".join(letter + (dice.choice("\u200b\u200d\u2060\u00ad") if dice.random() < 0.4 else "") for letter in text)


def _accents(text: str, dice: random.Random) -> str:
    marks = "\u0301\u0308\u0336\u0323"
    return "".join(letter + (dice.choice(marks) if letter.isalpha() and letter.isascii() else "") for letter in text)


def _jamo(text: str, _: random.Random) -> str:
    def taken_apart(letter: str) -> str:
        if not "가" <= letter <= "힣":
            return letter
        number = ord(letter) - 0xAC00
        initial, vowel = _KOREAN_INITIALS[number // 588], _KOREAN_VOWELS[number % 588 // 28]
        return f"{initial}{vowel}{_KOREAN_FINALS[number % 28]}"

    return "".join(map(taken_apart, text))


DISGUISES: Mapping[str, Disguise] = {
    "capitals": lambda text, _: text.upper(),
    "digits for letters": lambda text, _: text.translate(_LEET),
    "look-alikes": lambda text, _: text.translate(_CYRILLIC),
    "double width": _wide,
    "mathematical letters": _mathematical,
    "invisible characters": _unseen,
    "accents": _accents,
    "letters apart": _apart(" "),
    "points between letters": _apart("."),
    "words in two": _broken,
    "letters drawn out": lambda text, _: _each_word(text, lambda word: word[:2] + word[1] * 3 + word[2:]),
    "decomposed": lambda text, _: unicodedata.normalize("NFD", text),
    "Korean letters alone": _jamo,
    "quoted among others": lambda text, _: f"a photo, best quality, ({text}:1.2), studio light",
}
"""By name."""
