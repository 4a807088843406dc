"""What a processing job that succeeded leaves to say."""

from pathlib import Path

import pytest

from atelier_training.notes import MOST_BYTES, leave_notes


def left(tmp_path: Path, *notes: str) -> str:
    leave_notes(notes, tmp_path / "output/message")
    return (tmp_path / "output/message").read_text(encoding="utf-8")


def test_each_note_is_one_line(tmp_path: Path) -> None:
    assert left(tmp_path, "a\nb.png is left out", "c") == "a b.png is left out\nc"


def test_nothing_to_say_leaves_nothing(tmp_path: Path) -> None:
    leave_notes([], tmp_path / "output/message")
    assert not (tmp_path / "output").exists()


@pytest.mark.parametrize("name", ["skirt", "치마"])
def test_what_sagemaker_would_cut_says_where_the_rest_is(tmp_path: Path, name: str) -> None:
    text = left(tmp_path, *(f"{name} {number} is left out" for number in range(100)))
    assert MOST_BYTES - 4 <= len(text.encode()) <= MOST_BYTES
    assert text.startswith(f"{name} 0 is left out\n{name} 1 is left out\n")
    assert text.endswith("…\nthe report has the rest")
    whole = left(tmp_path, "x" * MOST_BYTES)
    assert whole == "x" * MOST_BYTES
