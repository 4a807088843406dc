"""Which garments a request asks for, and whether in the colour of some skin: what is then seen of such a colour may be cloth."""

import re
import unicodedata
from collections.abc import Iterable

from contracts.garments import GARMENTS, english


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


SKIN_COLOURED = frozenset(
    _words(
        "beige camel tan tans brown browns nude khaki sand sandy caramel cognac leather suede peach peachy cream creamy ecru ivory taupe "
        "chocolate mocha coffee latte cappuccino espresso chestnut hazelnut walnut mahogany bronze copper terracotta rust rusty fawn buff "
        "biscuit oatmeal oat wheat honey almond blush champagne apricot salmon toffee tawny sienna umber mushroom stone nougat cinnamon "
        "tobacco clay flax linen straw skin-coloured skin-colored flesh-coloured flesh-colored"
    )
)
"""English words for colours that skin has too, and for cloth of such a colour."""
SKIN_COLOURED_KOREAN = (
    *(
        "베이지",
        "갈색",
        "브라운",
        "살구",
        "살색",
        "누드톤",
        "누드 톤",
        "카멜",
        "카키",
        "모카",
        "캐러멜",
        "카라멜",
        "초콜릿",
        "초콜렛",
    ),
    *(
        "크림",
        "아이보리",
        "코코아",
        "커피색",
        "밤색",
        "황토",
        "모래색",
        "샌드",
        "가죽",
        "스웨이드",
        "스킨톤",
        "스킨 톤",
        "피치",
    ),
)
"""The same in Korean, wherever they stand in a word: particles follow them."""
MOST_GARMENTS = 3
"""Different garments of a request that are looked for."""


def asks_for_skin_colour(words: str) -> bool:
    """Whether a prompt names a colour that skin has too."""
    plain = unicodedata.normalize("NFKC", words).lower()
    if any(word in plain for word in SKIN_COLOURED_KOREAN):
        return True
    return not SKIN_COLOURED.isdisjoint(re.findall(r"[a-z]+(?:-colou?red)?", plain))


def garments_asked(texts: Iterable[str]) -> list[str]:
    """The garments that texts name, English or Korean, each once and at most three, as a segmenter is asked for them: ``a skirt``."""
    found = (word for text in texts for word in re.findall(r"[a-z][a-z-]*", english(text).lower()) if word in GARMENTS)
    names = list(dict.fromkeys(found))[:MOST_GARMENTS]
    return [name if name.endswith("s") and name not in {"dress"} else f"a {name}" for name in names]
