"""Which words a text encoder never sees: those past its length, which its tokenizer cuts off without a word."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from transformers import AutoTokenizer

MOST_NOTES = 20
"""Texts that are too long of which each has a note of its own."""


def unused_words(tokenizer: Any, words: str, *, longest: int) -> str:
    """The end of ``words`` that an encoder of ``longest`` tokens, start and end among them, does not see; empty where it sees all.

    A word that is cut in the middle counts as unused.
    """
    offsets = tokenizer(words, add_special_tokens=False, return_offsets_mapping=True, verbose=False)["offset_mapping"]
    seen = longest - 2
    if len(offsets) <= seen:
        return ""
    start = offsets[seen][0]
    while start > 0 and not words[start - 1].isspace():
        start -= 1
    return words[start:].strip()


def unused_notes(model: Path, texts: Iterable[str]) -> list[str]:
    """A note for each of the distinct ``texts`` whose end the text encoders of a pipeline's folder do not see."""
    folders = sorted(folder for folder in model.glob("tokenizer*") if folder.is_dir())
    tokenizers = [AutoTokenizer.from_pretrained(folder, local_files_only=True) for folder in folders]
    ends = {text: unused_end(tokenizers, text) for text in dict.fromkeys(texts)}
    notes = [f"“{text}” is too long for the text encoder, not used: {end}" for text, end in ends.items() if end]
    more = len(notes) - MOST_NOTES
    return [*notes[:MOST_NOTES], f"{more} more texts are too long for the text encoder"] if more > 0 else notes


def unused_end(tokenizers: Iterable[Any], words: str) -> str:
    """The end of ``words`` that the encoder of one of the tokenizers does not see; empty where all see all."""
    return max((unused_words(each, words, longest=each.model_max_length) for each in tokenizers), key=len, default="")
