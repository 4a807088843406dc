"""Which words a text encoder never sees: those past its length, which its tokenizer cuts off without a word."""

from typing import Any


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
