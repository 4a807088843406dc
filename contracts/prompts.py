"""Prompts that stand for several: ``a photo of a {red|blue} skirt`` reads as two."""

import re
from itertools import product
from math import prod
from typing import Annotated

from pydantic import AfterValidator

from contracts.declarations import text
from contracts.errors import InvalidInputError
from contracts.model import Check

LONGEST_PROMPT = 1_000
"""Characters of a prompt to train or evaluate with."""

MOST_READINGS = 1_000
"""Readings of a prompt: a few alternatives multiply to more than any memory holds."""


def readings(words: str) -> list[str]:
    """Every reading of a prompt, the first alternatives first; one without braces has itself alone.

    Raises InvalidInputError where braces are unbalanced or nested, or the readings too many.
    """
    parts = re.split(r"\{([^{}]*)\}", words)  # every second part was in braces
    if any(brace in part for part in parts[::2] for brace in "{}"):
        raise InvalidInputError("prompt: braces", got=words, allowed="alternatives as in {red|blue}, not nested")
    choices = [part.split("|") if number % 2 else [part] for number, part in enumerate(parts)]
    if prod(map(len, choices)) > MOST_READINGS:
        raise InvalidInputError("prompt: braces", got=words, allowed=f"at most {MOST_READINGS} readings")
    return [" ".join("".join(combination).split()) for combination in product(*choices)]


def balanced(words: str) -> str:
    """The words, where they can be read. Raises InvalidInputError as ``readings`` does."""
    readings(words)
    return words


Prompt = Annotated[str, text("a prompt", longest=LONGEST_PROMPT)]
ClassPrompt = Annotated[Prompt, AfterValidator(balanced)]
"""A prompt that may name alternatives in braces."""

prompt = Check(Prompt)
