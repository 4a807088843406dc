"""The words that say what to mask: English, Korean names of garments translated, and several things taken apart.

Segmenters read English. Other words give them something at random, which would be repainted.
"""

import re
import unicodedata
from collections.abc import Iterator

from contracts.errors import Problem


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _pairs(words: str) -> dict[str, str]:
    return dict(pair.split("=") for pair in words.split())


GARMENTS = _words(
    "skirt trousers pants jeans shorts shirt blouse t-shirt top pullover sweater cardigan hoodie jacket coat "
    "vest dress suit shoes shoe boots socks hat cap scarf gloves belt tie bag clothes outfit"
)
"""Garments by their English names."""
KOREAN = _pairs(
    "치마=skirt 스커트=skirt 바지=trousers 청바지=jeans 반바지=shorts 셔츠=shirt 와이셔츠=shirt 블라우스=blouse 티셔츠=t-shirt 상의=top "
    "스웨터=pullover 니트=pullover 가디건=cardigan 카디건=cardigan 후드티=hoodie 재킷=jacket 자켓=jacket 코트=coat 조끼=vest 원피스=dress "
    "드레스=dress 정장=suit 양복=suit 신발=shoes 구두=shoes 운동화=shoes 부츠=boots 양말=socks 모자=hat 목도리=scarf "
    "스카프=scarf 장갑=gloves 벨트=belt 허리띠=belt 넥타이=tie 가방=bag 옷=clothes"
)
"""Garments by their Korean names."""
KOREAN_ADJECTIVES = _pairs(
    "빨간=red 파란=blue 노란=yellow 초록=green 초록색=green 검은=black 검정=black 하얀=white 흰=white 회색=grey 분홍=pink 분홍색=pink "
    "보라색=purple 갈색=brown 긴=long 짧은=short 줄무늬=striped"
)
ADJECTIVES = frozenset(
    _words(
        "red green blue yellow black white grey gray pink purple brown orange beige navy dark light bright long "
        "short plain striped dotted checked plaid floral"
    )
)
"""What describes a garment and is none."""

_PLURALS = frozenset({"trousers", "pants", "jeans", "shorts", "shoes", "boots", "socks", "gloves", "clothes"})
_ARTICLES = frozenset({"a", "an", "the", "her", "his", "their", "its", "my"})
_GRAMMAR = _ARTICLES | {"and", "of", "on", "in", "with", "at"}
_NOT = frozenset({"no", "not", "but", "except", "excluding"})
_AND = frozenset({"그리고", "및", "와", "과", "하고"})
_PARTICLES = ("이랑", "하고", "와", "과", "랑", "를", "을", "은", "는", "이", "가")
"""Korean particles; the first five mean "and"."""
_JOINTS = re.compile(r"\s*(?:[,;&+/\n]|\band\b|\bplus\b)\s*", re.IGNORECASE)
_EASTERN_COMMAS = str.maketrans(dict.fromkeys("、·・ㆍ", ","))
_KEPT_SIGNS = "-',;&/"
"""Punctuation that means something between or in words."""


def english(words: str) -> str:
    """Mask words with the Korean names of garments translated: ``치마와 신발`` is ``a skirt and shoes``; others as they are.

    Letters of double width, as East Asian keyboards have them, become narrow, and characters that nobody sees are left out.
    """
    plain = _plain(words)
    if not any(_is_foreign(letter) for letter in plain):
        return plain
    phrases: list[str] = []
    adjectives: list[str] = []
    signs = plain.translate(_EASTERN_COMMAS)
    spaced = "".join(" " if _is_punctuation(letter) else letter for letter in signs)
    for token in re.findall(r"[^\s,;&+/]+|[,;&+/]", spaced):
        spoken, joins = _translated(token)
        if spoken in ADJECTIVES:
            adjectives.append(spoken)
        elif spoken:
            article = ["a"] if spoken != token and spoken not in _PLURALS else []
            phrases.append(" ".join([*article, *adjectives, spoken]))
            adjectives = []
        if joins:
            phrases.append("and")
    return " ".join([*phrases, *adjectives]).removesuffix(" and")


def unusable_words(what: str, words: str) -> Iterator[Problem]:
    """The problem with mask words that a segmenter would take for something else.

    They hold letters of other scripts than Latin, or pictographs, after translation; or name nothing; or say what not to mask.
    """
    spoken = english(words)
    denials = _NOT.intersection(_spoken(spoken))
    if denials:
        allowed = f"words for what is masked, without {', '.join(sorted(denials))}: a segmenter masks what follows them"
        yield Problem(what, words, allowed)
    elif any(_is_foreign(letter) for letter in spoken) or not _names_anything(spoken):
        korean = ", ".join(f"{name} ({meaning})" for name, meaning in list(KOREAN.items())[:12])
        yield Problem(what, words, f"words in English, such as {', '.join(GARMENTS)}; or in Korean {korean}, …")


def parts(words: str) -> list[str]:
    """The things that mask words name: ``a skirt and a shirt`` has two, ``a red and white skirt`` one.

    A piece between joining words is a thing of its own where it names a garment or begins with an article, and is more than colours.
    """
    pieces = [piece for piece in _JOINTS.split(words) if piece]
    if not pieces:
        return [words]
    things: list[str] = []
    described = ""
    for piece in pieces:
        whole = f"{described} and {piece}" if described else piece
        if _names_a_thing(piece):
            things.append(whole)
            described = ""
        else:
            described = whole
    if len(things) < 2:
        return [words]
    if described:
        things[-1] = f"{things[-1]} and {described}"
    return things


def content(words: str) -> list[str]:
    """The words, in small letters, that are neither articles nor adjectives nor grammar."""
    return [word for word in _spoken(words) if word not in _GRAMMAR and word not in ADJECTIVES]


def _spoken(words: str) -> list[str]:
    return re.findall(r"[\w'-]+", words.lower())


def _names_anything(words: str) -> bool:
    return any(word not in _GRAMMAR and any(map(str.isalpha, word)) for word in _spoken(words))


def _names_a_thing(piece: str) -> bool:
    spoken = _spoken(piece)
    return any(word in GARMENTS for word in spoken) or (
        spoken[:1] != [] and spoken[0] in _ARTICLES and bool(content(piece))
    )


def _translated(token: str) -> tuple[str, bool]:
    """A word in English where the tables have it, else itself; and whether ``and`` follows."""
    if token in _AND or token in ",;&+/":  # noqa: S105 a word
        return "", True
    for number, particle in enumerate(("", *_PARTICLES)):
        stem = token.removesuffix(particle)
        known = KOREAN.get(stem) or KOREAN_ADJECTIVES.get(stem)
        if known and token.endswith(particle):
            return known, 1 <= number <= 5
    return token, False


def _plain(words: str) -> str:
    letters = (_narrow(letter) for letter in unicodedata.normalize("NFC", words))
    return "".join(letter for letter in letters if unicodedata.category(letter) != "Cf")


def _narrow(letter: str) -> str:
    return unicodedata.normalize("NFKC", letter) if unicodedata.decomposition(letter).startswith("<wide>") else letter


def _is_punctuation(letter: str) -> bool:
    return unicodedata.category(letter).startswith("P") and letter not in _KEPT_SIGNS


def _is_foreign(letter: str) -> bool:
    if letter.isalpha():
        return "LATIN" not in unicodedata.name(letter, "")
    return unicodedata.category(letter) in ("So", "Co", "Cn")
