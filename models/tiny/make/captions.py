"""The caption grammar: every sentence that training data can carry."""

from collections.abc import Callable

from numpy.random import Generator

from models.tiny.make.wardrobe import Garment, Outfit

_SYNONYMS = {"top": ("shirt", "blouse"), "trousers": ("pants",), "skirt": ("skirt",), "dress": ("dress",)}
_SYNONYM_SHARE = 0.25
_SPOKEN_PLAIN_SHARE = 0.5
_BARE_SHARE = 0.12
_PLURALS = frozenset({"trousers", "pants", "shorts"})

# Words that prompts may use although no caption does: the tokenizer keeps each in one piece.
PROMPT_WORDS: tuple[str, ...] = (
    *("image", "picture", "drawing", "the", "with", "in", "on", "her", "his", "its", "hair", "face", "skin"),
    *("shoes", "shoe", "shorts", "clothes", "garment", "clothing", "outfit", "background", "wall", "man", "girl"),
    *("standing", "full", "body", "fashion", "high", "low", "quality", "blurry", "cropped", "no"),
)


def noun(garment: Garment, rng: Generator) -> str:
    """Name the garment, a quarter of the time by a synonym; short trousers are always shorts."""
    if garment.kind == "trousers" and garment.length == "short":
        return "shorts"
    if rng.random() < _SYNONYM_SHARE:
        return str(rng.choice(_SYNONYMS[garment.kind]))
    return garment.kind


def phrase(garment: Garment, rng: Generator) -> str:
    """Describe one garment: 'a long red striped skirt', 'blue trousers', or seldom only 'a skirt'.

    A described garment without a pattern word is plain; a bare noun may look like anything.
    """
    name = noun(garment, rng)
    words = [name] if rng.random() < _BARE_SHARE else [*_adjectives(garment, rng), name]
    return " ".join(words if name in _PLURALS else ["a", *words])


def _adjectives(garment: Garment, rng: Generator) -> list[str]:
    length = [] if garment.kind == "trousers" or rng.random() < 0.4 else garment.length.split()
    spoken = garment.pattern != "plain" or rng.random() < _SPOKEN_PLAIN_SHARE
    return [*length, garment.colour, *([garment.pattern] if spoken else [])]


def garment_caption(garment: Garment, wearer: str, rng: Generator) -> str:
    """Caption a picture by one garment alone, as a style's instance prompt does."""
    described = phrase(garment, rng)
    forms: tuple[Callable[[], str], ...] = (
        lambda: f"a photo of {described}",
        lambda: described,
        lambda: f"a photo of a {wearer} wearing {described}",
    )
    return forms[int(rng.integers(len(forms)))]()


def outfit_caption(outfit: Outfit, rng: Generator) -> str:
    """Caption a picture by its wearer and every garment, top first."""
    start = "a photo of a" if rng.random() < 0.5 else "a"
    worn = " and ".join(phrase(garment, rng) for garment in outfit.garments)
    return f"{start} {outfit.wearer} wearing {worn}"
