"""docs/learn tells what was measured, shows pictures that are there, and points at code that is there, in both languages."""

import json
import re
from pathlib import Path

import pytest
from PIL import Image

from lessons.figures.all_figures import FIGURES, PICTURES
from lessons.pages import NUMBERS, TEXTS, numbers, page_of, rendered, texts

MOST_BYTES = 150_000
TEXT_NAMES = [path.as_posix() for path in texts()]


def page(text: str) -> str:
    return page_of(Path(text)).read_text(encoding="utf-8")


@pytest.mark.parametrize("text", TEXT_NAMES)
def test_a_page_is_its_text_with_what_was_measured(text: str) -> None:
    assert page(text) == rendered(Path(text), numbers()), "run `make learn` and commit what it writes"


def test_numbers_are_those_of_the_figures() -> None:
    known = json.loads(NUMBERS.read_text(encoding="utf-8"))
    assert known.keys() == {"sizes", *(name.replace("-", "_") for name in FIGURES)}


def test_every_page_is_there_in_korean() -> None:
    english = {text for text in TEXT_NAMES if "/" not in text}
    assert english
    assert {*TEXT_NAMES} == english | {f"ko/{text}" for text in english}


@pytest.mark.parametrize("text", [name for name in TEXT_NAMES if "/" not in name])
def test_both_languages_tell_the_same_numbers_and_point_at_the_same_code(text: str) -> None:
    told, korean = ((TEXTS / name).read_text(encoding="utf-8") for name in (text, f"ko/{text}"))
    for pattern in (r"\{[^}]+\}", r"\(\S*/([\w/]+\.py)\)", r"^#+ ", r"([\w-]+\.(?:webp|svg))\)"):
        found = [set(re.findall(pattern, each, re.MULTILINE)) for each in (told, korean)]
        names = [{name.replace(".ko.", ".") for name in each} for each in found]
        assert names[0] == names[1]


@pytest.mark.parametrize("text", TEXT_NAMES)
def test_every_picture_is_there_small_and_told_in_words(text: str) -> None:
    shown = re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", page(text))
    assert len(shown) > 5
    for words, link in shown:
        path = page_of(Path(text)).parent / link
        assert path.stat().st_size < MOST_BYTES, path
        assert len(words) > 20, link


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_shown_by_a_page_and_readable_on_a_phone(name: str) -> None:
    assert any(f"pictures/learn/{name}.webp)" in page(text) for text in TEXT_NAMES if "/" not in text)
    with Image.open(PICTURES / f"{name}.webp") as picture:
        assert picture.width == 960
        assert picture.mode == "RGBA"


@pytest.mark.parametrize("text", TEXT_NAMES)
def test_the_code_that_a_page_names_is_in_the_file_that_it_links(text: str) -> None:
    links = re.findall(r"\[`([\w.]+)`\]\((\S+\.py)\)", page(text))
    assert links
    for name, link in links:
        file = (page_of(Path(text)).parent / link).resolve()
        code = file.read_text(encoding="utf-8")
        assert name == file.name or re.search(
            rf"(def|class) {name.rpartition('.')[2]}\b|^{name}\b", code, re.MULTILINE
        ), name
