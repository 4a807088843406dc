"""diffusion.words: the words that a text encoder does not see are named, as they were written."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import CLIPTokenizer

from diffusion.words import MOST_NOTES, unused_notes, unused_words
from tests.unit.miniatures import LENGTH, save_tokenizer


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> CLIPTokenizer:
    """A letter is a token."""
    return save_tokenizer(tmp_path_factory.mktemp("tokenizer"))


@pytest.mark.parametrize("words", ["", "a skirt", "x" * (LENGTH - 2)])
def test_of_short_words_all_are_seen(tokenizer: CLIPTokenizer, words: str) -> None:
    assert unused_words(tokenizer, words, longest=LENGTH) == ""


@pytest.mark.parametrize(
    ("words", "unused"),
    [
        ("abcdefghij " * 3 + "sks skirt, red", "sks skirt, red"),
        ("abcdefghij " * 2 + "abcdefghijk sks", "abcdefghijk sks"),
        ("Abcdefghij\n" * 3 + "Sks  SKIRT", "Sks  SKIRT"),
        ("x" * (LENGTH - 1), "x" * (LENGTH - 1)),
    ],
)
def test_words_past_the_length_are_named_as_they_were_written(
    tokenizer: CLIPTokenizer, words: str, unused: str
) -> None:
    assert unused_words(tokenizer, words, longest=LENGTH) == unused


@given(st.lists(st.text("abcde", min_size=1, max_size=9), max_size=30).map(" ".join))
def test_without_the_named_words_the_encoder_sees_the_same_but_for_a_cut_word(
    tokenizer: CLIPTokenizer, words: str
) -> None:
    unused = unused_words(tokenizer, words, longest=LENGTH)
    assert words.endswith(unused)
    options = {"truncation": True, "max_length": LENGTH}
    seen = tokenizer(words, **options)["input_ids"][1:-1]
    kept = tokenizer(words.removesuffix(unused), **options)["input_ids"][1:-1]
    assert seen[: len(kept)] == kept
    assert bool(unused) == (len(tokenizer(words)["input_ids"]) > LENGTH)


def test_texts_that_a_model_does_not_see_to_their_end_are_listed(tmp_path: Path) -> None:
    for name in ("tokenizer", "tokenizer_2"):
        save_tokenizer(tmp_path / name)
    long = "abcdefghij " * 3 + "sks skirt"
    assert unused_notes(tmp_path, ["a skirt", long, long]) == [
        f"“{long}” is too long for the text encoder, not used: sks skirt"
    ]
    notes = unused_notes(tmp_path, [f"{long} {number}" for number in range(MOST_NOTES + 3)])
    assert len(notes) == MOST_NOTES + 1
    assert notes[-1] == "3 more texts are too long for the text encoder"
