"""Letters as they are meant: what looks like a Latin letter is one, what nobody sees is left out, Korean letters become syllables.

The table of look-alikes is drawn from Unicode's confusables, those of alphabets that keyboards have:
https://www.unicode.org/reports/tr39/
"""

import unicodedata
from collections.abc import Iterator

_CYRILLIC = dict(zip("авсԁеёһіїјӏкмнопрԛѕтуԝхг", "abcdeehiijlkmhonpqstywxr", strict=True))
_GREEK = dict(zip("αβγδεζηικλμνοπρστυχωϲϳ", "abydeznikluvonpotuxwcj", strict=True))
_ARMENIAN = dict(zip("ոսօհցզա", "nuohgqu", strict=True))
_OTHERS = dict(zip("ɑɡɩıɪɴᴜᴅᴇᴀʙᴄɢʜᴊᴋʟᴍᴏᴘʀꜱᴛᴠᴡʏᴢøđħłŧƙɓɗɛ", "agiiinudeabcghjklmoprstvwyzodhltkbde", strict=True))
LOOK_ALIKES = {**_CYRILLIC, **_GREEK, **_ARMENIAN, **_OTHERS}
"""Small letters of other alphabets by the Latin letter that they look like."""

_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_FINALS = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_FILLERS = "\u115f\u1160\u3164\uffa0"
_LAST_ACCENTED = "\u0400"
UNKNOWN = "*"
"""Stands for a letter of which nobody can say which it is."""


def plain(text: str) -> str:
    """The same in small letters."""
    return shown(text).lower()


def shown(text: str) -> str:
    """Letters of one width and without accents or marks that nobody sees; isolated Korean letters as the syllables they spell."""
    # Korean letters first: NFKC would make the last consonant of a syllable the first of another.
    seen = "".join(letter for letter in text if _is_seen(letter))
    whole = unicodedata.normalize("NFKC", _syllables(unicodedata.normalize("NFC", seen)))
    return "".join(_bare(letter) for letter in whole)


def latin(token: str) -> str:
    """A token in Latin letters where it is meant as one: it has a Latin letter, or nothing but look-alikes."""
    if token.isascii():
        return token
    strange = [letter for letter in token if not letter.isascii() and letter.isalpha()]
    mixed = any(letter.isascii() and letter.isalpha() for letter in token)
    if not mixed and any(letter not in LOOK_ALIKES for letter in strange):
        return token
    return "".join(letter if letter.isascii() else LOOK_ALIKES.get(letter, UNKNOWN) for letter in token)


def is_korean(letter: str) -> bool:
    """Whether it is a syllable."""
    return "가" <= letter <= "힣"


def _is_seen(letter: str) -> bool:
    if letter in _FILLERS or letter in "\u00ad\u034f\u180e\ufeff" or "\ufe00" <= letter <= "\ufe0f":
        return False
    return unicodedata.category(letter) != "Cf"


def _bare(letter: str) -> str:
    if letter.isascii() or is_korean(letter):
        return letter
    apart = unicodedata.normalize("NFD", letter)
    if apart[0] >= _LAST_ACCENTED:  # a mark is a letter of its own: ド and й are no ト and и
        return "" if unicodedata.category(letter) in ("Mn", "Me") else letter
    return "".join(each for each in apart if unicodedata.category(each) not in ("Mn", "Me"))


def _syllables(text: str) -> str:
    letters = [_as_letter(each) for each in text]
    return "".join(_composed(letters))


def _as_letter(letter: str) -> str:
    """A Korean letter as the one that stands alone; anything else as it is."""
    if "\u1100" <= letter <= "\u1112":
        return _INITIALS[ord(letter) - 0x1100]
    if "\u1161" <= letter <= "\u1175":
        return _VOWELS[ord(letter) - 0x1161]
    if "\u11a8" <= letter <= "\u11c2":
        return _FINALS[ord(letter) - 0x11A7]
    if "\uffa1" <= letter <= "\uffdc":
        return unicodedata.normalize("NFKC", letter).translate(_CHOSEONG)
    return letter


_CHOSEONG = {0x1100 + number: letter for number, letter in enumerate(_INITIALS)} | {
    0x1161 + number: letter for number, letter in enumerate(_VOWELS)
}


def _composed(letters: list[str]) -> Iterator[str]:
    """Initial, vowel and, where no vowel follows it, a final consonant become a syllable."""
    place = 0
    while place < len(letters):
        initial, vowel = letters[place], letters[place + 1] if place + 1 < len(letters) else ""
        if initial not in _INITIALS or not vowel or vowel not in _VOWELS:
            yield initial
            place += 1
            continue
        final = letters[place + 2] if place + 2 < len(letters) else ""
        after = letters[place + 3] if place + 3 < len(letters) else ""
        ends = final != "" and final != " " and final in _FINALS and not (after and after in _VOWELS)
        number = (_INITIALS.index(initial) * 21 + _VOWELS.index(vowel)) * 28
        yield chr(0xAC00 + number + (_FINALS.index(final) if ends else 0))
        place += 3 if ends else 2
