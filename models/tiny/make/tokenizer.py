"""Trains the family's byte-pair tokenizer on the caption grammar and writes it in CLIPTokenizer's files.

Every word of the grammar becomes one token; any other word falls apart into bytes, so a style's new word like 'sks'
is three tokens that no base model has met.
"""

import argparse
import json
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np

from models.tiny.make.captions import PROMPT_WORDS, garment_caption, outfit_caption
from models.tiny.make.wardrobe import random_outfit

MAX_TOKENS = 32
START, END = "<|startoftext|>", "<|endoftext|>"

_END_OF_WORD = "</w>"
_SAMPLED_OUTFITS = 3000


def word_counts(seed: int) -> Counter[str]:
    """Count the words of sampled captions, with each prompt word added often enough to be learnt."""
    rng = np.random.default_rng(seed)
    words: Counter[str] = Counter(dict.fromkeys(PROMPT_WORDS, 20))
    for _ in range(_SAMPLED_OUTFITS):
        outfit = random_outfit(rng)
        words.update(outfit_caption(outfit, rng).split())
        words.update(garment_caption(outfit.garments[-1], outfit.wearer, rng).split())
    return words


def train(words: Counter[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """Return (vocabulary, merges) of a byte-pair encoding that ends with every counted word in one piece."""
    letters = _byte_letters()
    vocabulary = [*letters, *(letter + _END_OF_WORD for letter in letters)]
    pieces = {word: [*word[:-1], word[-1] + _END_OF_WORD] for word in words}
    merges: list[tuple[str, str]] = []
    while pair := _most_frequent_pair(pieces, words):
        merges.append(pair)
        vocabulary.append("".join(pair))
        pieces = {word: _merged(parts, pair) for word, parts in pieces.items()}
    return [*dict.fromkeys(vocabulary), START, END], merges


def save(folder: Path, seed: int = 0) -> int:
    """Train and write vocab.json, merges.txt and tokenizer_config.json; return the number of tokens."""
    vocabulary, merges = train(word_counts(seed))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps({token: index for index, token in enumerate(vocabulary)}))
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *(" ".join(pair) for pair in merges), ""]))
    settings = {
        "tokenizer_class": "CLIPTokenizer",
        "model_max_length": MAX_TOKENS,
        "bos_token": START,
        "eos_token": END,
        "pad_token": END,
        "unk_token": END,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n")
    return len(vocabulary)


def _byte_letters() -> list[str]:
    """The 256 printable stand-ins for bytes, in the order CLIP's tokenizer gives them."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in printable] + [chr(256 + index) for index in range(len(hidden))]


def _most_frequent_pair(pieces: dict[str, list[str]], words: Counter[str]) -> tuple[str, str] | None:
    pairs: Counter[tuple[str, str]] = Counter()
    for word, parts in pieces.items():
        for pair in pairwise(parts):
            pairs[pair] += words[word]
    return max(pairs, key=lambda pair: (pairs[pair], pair)) if pairs else None


def _merged(parts: list[str], pair: tuple[str, str]) -> list[str]:
    merged: list[str] = []
    for part in parts:
        if merged and (merged[-1], part) == pair:
            merged[-1] += part
        else:
            merged.append(part)
    return merged


def main() -> None:
    """Read the folder from the command line and write the tokenizer there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    print(f"wrote {save(folder)} tokens to {folder}")


if __name__ == "__main__":
    main()
