"""docs/ko.md promises nothing that is not so: its words for garments are known, its numbers and commands are the code's."""

import re
import shlex
from pathlib import Path

import pytest

from contracts.dataset import FEWEST_PICTURES, MOST_PICTURES
from contracts.errors import InvalidInputError
from contracts.garments import KOREAN, unusable_words
from contracts.layout import STYLE_PATTERN
from contracts.prediction import PredictionInput

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "ko.md").read_text(encoding="utf-8")


def test_the_garments_that_it_names_are_known() -> None:
    listed = PAGE.partition("옷 이름으로 적을 수 있습니다: ")[2].partition(".")[0].split(", ")
    assert len(listed) > 5
    assert [word for word in listed if word not in KOREAN] == []


def test_words_that_nobody_knows_are_refused_with_those_that_are() -> None:
    (problem,) = unusable_words("mask_prompt", "우주선")
    assert "치마 (skirt)" in problem.allowed


def test_its_numbers_are_the_code_s() -> None:
    assert f"{FEWEST_PICTURES}장에서 {MOST_PICTURES}장까지" in PAGE
    assert not re.fullmatch(STYLE_PATTERN, "치마")


def test_its_commands_are_commands(root: Path) -> None:
    named = set(
        re.findall(r"^### atelier (\w+)$", (root / "docs/commands.md").read_text(encoding="utf-8"), re.MULTILINE)
    )
    typed = [shlex.split(line) for line in re.findall(r"^\$ \.venv/bin/atelier (.+)$", PAGE, re.MULTILINE)]
    assert {words[0] for words in typed} == {"train", "style"} <= named
    (style,) = [words for words in typed if words[0] == "style"]
    asked = PredictionInput.from_json({"image": "aGk=", "mask_prompt": style[2], "prompt": style[3]})
    assert asked.mode == "style"
    with pytest.raises(InvalidInputError):
        PredictionInput.from_json({"image": "aGk=", "mask_prompt": "우주선", "prompt": style[3]})
