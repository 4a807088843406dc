"""One token as the word that it is meant for: digits and signs for letters, stars, letters repeated or left out, words run together."""

import re
from collections.abc import Iterator
from functools import cache, lru_cache

from contracts.safety.known_people import ALONE, NAME_WORDS
from contracts.safety.letters import UNKNOWN
from contracts.safety.thresholds import LONGEST_GLUED, SHORTEST_MISSPELT
from contracts.safety.vocabulary import KNOWN, PLAIN, STRONG

_SIGNS = str.maketrans(
    {"0": "o", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "9": "g", "@": "a", "$": "s", "€": "e", "6": "g"}
)
_TALL = ("i", "l")
"""What 1, ! and | may stand for."""
_THRICE = re.compile(r"(.)\1\1+")
_LETTERS = re.compile(r"[a-z*]+")


@lru_cache(maxsize=4_096)
def undisguised(token: str) -> str:
    """The known word that a token stands for; else itself in plain letters."""
    if token in KNOWN or token in PLAIN or not token.isascii():
        return token
    for spelt in _spellings(token):
        if spelt in KNOWN or spelt in NAME_WORDS:
            return spelt
    found = _unstarred(token) or _unrepeated(token) or _corrected(token)
    return found or next(
        (spelt for spelt in (*_spellings(token), _THRICE.sub(r"\1", token)) if len(apart(spelt)) > 1), token
    )


def _spellings(token: str) -> Iterator[str]:
    bare = token.rstrip("!|*$@")
    if bare != token:
        yield bare
    if token.isalpha() or not any(letter.isalpha() for letter in token):
        return
    for form in (token, bare):
        for tall in _TALL:
            spelt = re.sub(r"[1!|]", tall, form).translate(_SIGNS)
            yield spelt
            if found := _unstarred(spelt) or _unrepeated(spelt) or _corrected(spelt):
                yield found


def _unstarred(token: str) -> str:
    if UNKNOWN not in token or not _LETTERS.fullmatch(token) or len(token.replace(UNKNOWN, "")) < 2:
        return ""
    pattern = re.compile(token.replace(UNKNOWN, "."))
    return next((word for word in _ordered() if pattern.fullmatch(word)), "")


def _unrepeated(token: str) -> str:
    """A known word of which letters are repeated: three times somewhere, or a strong one with each twice."""
    once = re.sub(r"(.)\1+", r"\1", token)
    if len(token) - len(once) < 2:
        return ""
    word = _collapsed().get(once, "")
    return word if word in STRONG or re.search(r"(.)\1\1", token) else ""


def _corrected(token: str) -> str:
    return _misspelt().get(token, "") if len(token) >= SHORTEST_MISSPELT - 1 else ""


@cache
def _ordered() -> tuple[str, ...]:
    return tuple(sorted(STRONG))


@cache
def _collapsed() -> dict[str, str]:
    words = (*sorted(NAME_WORDS | ALONE), *sorted(KNOWN), *_ordered())
    once = {re.sub(r"(.)\1+", r"\1", word): word for word in words}
    return {letters: word for letters, word in once.items() if len(letters) > 2}  # a line of x is no word


@cache
def _misspelt() -> dict[str, str]:
    """Strong words with one letter left out, or two in the other order, by what they look like then."""
    known = KNOWN | frozenset(PLAIN)
    found: dict[str, str] = {}
    for word in _ordered():
        if len(word) < SHORTEST_MISSPELT or word in ("penis", "cunts"):
            continue
        # Without its first or last letter a word is another too often: horn, brief.
        without = (word[:place] + word[place + 1 :] for place in range(1, len(word) - 1))
        turned = (word[:p] + word[p + 1] + word[p] + word[p + 2 :] for p in range(1, len(word) - 1))
        found |= {each: word for each in (*without, *turned) if each not in known}
    return found


def apart(token: str) -> list[str]:
    """The words of a token that is nothing but known ones run together, one of them strong; else itself."""
    if not token.isascii() or not 6 <= len(token) <= LONGEST_GLUED or token in KNOWN or token in PLAIN:
        return [token]
    ends: list[list[str] | None] = [[], *[None] * len(token)]
    for end in range(1, len(token) + 1):
        for start in range(max(0, end - 14), end):
            before = ends[start]
            if before is not None and token[start:end] in _gluable():
                pieces = [*before, token[start:end]]
                known = ends[end]
                if known is None or len(pieces) < len(known):
                    ends[end] = pieces
    whole = ends[-1]
    return whole if whole and any(word in STRONG or word == "clothes" for word in whole) else [token]


@cache
def _gluable() -> frozenset[str]:
    return frozenset(word for word in KNOWN if len(word) > 2) | {"of", "in", "on", "no", "my"}
