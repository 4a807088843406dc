"""Prompts that stand for several: ``a photo of a {red|blue} skirt`` reads as two."""

import re
from itertools import product
from typing import Any

from contracts.errors import InvalidInputError
from contracts.fields import text

prompt = text(longest=1_000, meaning="a prompt")


def readings(words: str) -> list[str]:
    """Every reading of a prompt, the first alternatives first; one without braces has itself alone.

    Raises InvalidInputError where braces are unbalanced or nested.
    """
    return _readings("prompt", words)


def class_prompt(where: str, value: Any) -> str:
    """Check a class prompt: a text of at most 1,000 characters whose braces are balanced."""
    checked: str = prompt(where, value)
    _readings(where, checked)
    return checked


def _readings(where: str, words: str) -> list[str]:
    parts = re.split(r"\{([^{}]*)\}", words)  # every second part was in braces
    if any(brace in part for part in parts[::2] for brace in "{}"):
        raise InvalidInputError(f"{where}: braces", got=words, allowed="alternatives as in {red|blue}, not nested")
    choices = [part.split("|") if number % 2 else [part] for number, part in enumerate(parts)]
    return [" ".join("".join(chosen).split()) for chosen in product(*choices)]
