"""A text as the rules read it: words of small letters with a space between two, and a bar where a phrase ends.

Disguises are looked through here, once for all rules: letters of other alphabets and widths, digits and signs for letters, letters apart,
words in pieces or run together, letters repeated, left out or starred.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from contracts.safety.known_people import ALONE, KNOWN_PEOPLE, NAME_WORDS
from contracts.safety.letters import is_korean, latin, plain, shown
from contracts.safety.thresholds import FEWEST_LETTERS_APART, LONGEST_JOINED
from contracts.safety.undisguising import apart, undisguised
from contracts.safety.vocabulary import KNOWN, PLAIN, STRONG

BREAK = "|"
_WHOLE = KNOWN | NAME_WORDS | ALONE
"""Words that may be in pieces."""
_LONGEST_NAME = 24
"""Letters of a word or a name."""
_TOKEN = re.compile(r"[^\W_]+(?:[@$!|*€'’][^\W_]+)*[*$@]?|[@$|*€]+[^\W_]+(?:[@$!|*€][^\W_]+)*", re.UNICODE)
_ENDS = re.compile(r"[,;:?!()\[\]{}<>\n\r\"“”]|\.\s|[.…]{2,}")
_UNNAMED = KNOWN | {
    BREAK,
    "as",
    "at",
    "for",
    "to",
    "or",
    "but",
    "from",
    "by",
    "someone",
    "should",
    "must",
    "will",
    "resemble",
    "resembles",
    "resembling",
    "politician",
    "rapper",
    "look",
    "looks",
    "looking",
    "like",
    "face",
    "exactly",
}
"""What begins with a large letter and is no name: a sentence's first word, or any where all letters are large."""


@dataclass(frozen=True)
class _Token:
    """One run of letters; ``gap`` is what stood before it, ``capital`` whether it began with a large letter."""

    text: str
    gap: str
    capital: bool


@dataclass(frozen=True)
class Reading:
    """``words`` is the text in words, with a space at both ends; ``named`` the same with ``^`` before what had a large letter.

    ``joined`` are its words without spaces, for names; ``korean`` is what it says in Korean, letters that stood apart together.
    """

    words: str
    named: str
    tokens: tuple[str, ...]
    korean: str
    raw: str


def read(text: str) -> Reading:
    """A text as it is read."""
    tokens = list(_tokens(text))
    words = list(_meant(_together(tokens)))
    flat = [word for word, _ in words]
    named = [("^" if capital and word not in _UNNAMED else "") + word for word, capital in words]
    return Reading(
        words=f" {' '.join(flat)} ",
        named=f" {' '.join(named)} ",
        tokens=tuple(word for word in flat if word != BREAK),
        korean=_korean(text),
        raw=plain(text),
    )


def _tokens(text: str) -> Iterator[_Token]:
    whole = re.sub(r"\b[wW]\s*/\s*(?:[oO]\b|о)", "without", shown(text))
    place = 0
    for found in _TOKEN.finditer(whole):
        gap = whole[place : found.start()]
        place = found.end()
        token = re.sub(r"(?<=\w)['’](?=\w)", "", latin(found[0].lower()))
        for piece in re.findall(r"[가-힣]+|[^가-힣]+", token):
            yield _Token(piece, gap, found[0][0].isupper())
            gap = ""


def _together(tokens: Sequence[_Token]) -> Iterator[_Token]:
    """Letters that stand apart as one token."""
    place = 0
    while place < len(tokens):
        end = place
        while end < len(tokens) and len(tokens[end].text) == 1 and tokens[end].text.isascii():
            gap = tokens[end].gap
            # What stands between the letters of a word is the same everywhere; a comma and a space are a list's.
            if end > place and (not _is_thin(gap) or gap != tokens[place + 1].gap):
                break
            end += 1
        if end - place >= FEWEST_LETTERS_APART:
            letters = "".join(token.text for token in tokens[place:end])
            gap = tokens[place].gap
            for word in _spelt(letters):
                yield _Token(word, gap, tokens[place].capital)
                gap = " "
            place = end
        else:
            yield tokens[place]
            place += 1


def _spelt(letters: str) -> list[str]:
    """The words of letters that stood apart: the longest known ones, and what lies between them."""
    found, place, rest = list[str](), 0, ""
    while place < len(letters):
        length = next(
            (n for n in range(min(_LONGEST_NAME, len(letters) - place), 2, -1) if _known(letters[place : place + n])), 0
        )
        if not length:
            rest += letters[place]
            place += 1
            continue
        found += [rest] if rest else []
        found.append(letters[place : place + length])
        place, rest = place + length, ""
    return [*found, rest] if rest else found


def _known(letters: str) -> bool:
    return letters in KNOWN or letters in KNOWN_PEOPLE or undisguised(letters) in STRONG


def _is_thin(gap: str) -> bool:
    """Whether no phrase ends there: a comma and a space are a list."""
    return not re.search(r"[,;|]\s", gap)


def _meant(tokens: Iterable[_Token]) -> Iterator[tuple[str, bool]]:
    """Words and breaks."""
    listed = list(tokens)
    place = 0
    while place < len(listed):
        token = listed[place]
        if place and _ENDS.search(token.gap):
            yield BREAK, False
        joined, used = _joined(listed, place)
        for word in apart(joined):
            yield word, token.capital
        place += used


def _joined(tokens: Sequence[_Token], place: int) -> tuple[str, int]:
    """The word that begins at a token, of one to four pieces, and how many they are."""
    own = undisguised(tokens[place].text)
    if is_korean(own[:1]):
        return own, 1
    for count in (4, 3, 2):
        pieces = tokens[place : place + count]
        if len(pieces) < count or not all(piece.text.isascii() and _is_joint(piece.gap) for piece in pieces[1:]):
            continue
        if any(piece.text.isdigit() for piece in pieces):  # 45 s
            continue
        whole = undisguised("".join(piece.text for piece in pieces))
        if len(whole) > LONGEST_JOINED or whole not in _WHOLE:
            continue
        known = all(undisguised(piece.text) in KNOWN or piece.text in PLAIN for piece in pieces)
        tight = whole in STRONG and not any(piece.gap.isspace() for piece in pieces[1:])
        if (
            not known
            or tight
            or whole in ("deepnude", "topless", "undress", "undressed", "without", "underage", "gstring")
        ):
            return whole, count
    return own, 1


def _is_joint(gap: str) -> bool:
    return len(gap) <= 2 and not _ENDS.search(gap)


def _korean(text: str) -> str:
    """What is said in Korean: signs and digits inside of words left out, syllables that stand alone together."""
    shown = re.sub(r"(?<=[가-힣])[^\w\s가-힣,]+(?=[가-힣])|(?<=[가-힣])[\d_](?=[가-힣])", "", plain(text))
    spaced = re.sub(r"[^\w\s가-힣]", ",", shown)
    single = r"(?<![가-힣])[가-힣](?![가-힣])"
    while (closer := re.sub(rf"({single})\s+({single})", r"\1\2", spaced)) != spaced:
        spaced = closer
    return f" {' '.join(spaced.replace(',', ' , ').split())} "
