"""docs/learn tells what was measured, shows pictures that are there, and points at code that is there, in both languages."""

import json
import re
from pathlib import Path

import pytest
from PIL import Image

from lessons.figures.all_figures import FIGURES, PICTURES
from lessons.pages import NUMBERS, TEXTS, numbers, page_of, rendered, texts
from lessons.trainings.chart import draw_chart
from lessons.trainings.drawing import PAINTED
from lessons.trainings.measure import CELL, strip_path
from lessons.trainings.results import TrainingResults
from lessons.trainings.tips import LANGUAGES, TIPS, Language, told_apart
from lessons.trainings.tried import TRIED

MOST_BYTES = 150_000
DRAWN = [*FIGURES, *PAINTED]
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
    for pattern in (r"\{[^}]+\}", r"\(\S*/([\w/]+\.py)\)", r"^#+ ", r"([\w.-]+\.(?:webp|svg))\)"):
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


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", DRAWN)
def test_every_figure_is_shown_by_a_page_and_readable_on_a_phone(name: str, language: Language) -> None:
    file = f"{name}{'' if language == 'en' else '.ko'}.webp"
    pages = [text for text in TEXT_NAMES if text.startswith("ko/") == (language == "ko")]
    assert any(f"pictures/learn/{file})" in page(text) for text in pages)
    with Image.open(PICTURES / file) as picture:
        assert picture.width == 960
        assert picture.mode == "RGBA"


@pytest.mark.parametrize("name", DRAWN)
def test_a_figure_in_korean_is_as_large_as_in_english_and_says_something_else(name: str) -> None:
    with Image.open(PICTURES / f"{name}.webp") as english, Image.open(PICTURES / f"{name}.ko.webp") as korean:
        assert english.size == korean.size, "run `make learn` with a Korean font"
        assert english.tobytes() != korean.tobytes()


@pytest.mark.parametrize("text", [name for name in TEXT_NAMES if "/" in name])
def test_a_korean_page_shows_no_english_picture(text: str) -> None:
    assert all(".ko." in link for link in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", page(text)))


@pytest.mark.parametrize("text", TEXT_NAMES)
def test_the_code_that_a_page_names_is_in_the_file_that_it_links(text: str) -> None:
    links = re.findall(r"\[`([\w.]+)`\]\((\S+\.py)\)", page(text))
    assert links
    for name, link in links:
        file = (page_of(Path(text)).parent / link).resolve()
        code = file.read_text(encoding="utf-8")
        assert name == file.name or re.search(
            rf"(def|class) {name.rpartition('.')[2]}\b|^\s*{name}\b", code, re.MULTILINE
        ), name


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", TIPS)
def test_a_chart_shows_what_was_measured_and_is_on_its_page(name: str, language: Language) -> None:
    results = TrainingResults()
    found = {way: results.spread(way) for way in TIPS[name].ways}
    path = PICTURES / f"tip-{name}{'' if language == 'en' else '.ko'}.svg"
    assert path.read_text(encoding="utf-8") == draw_chart(TIPS[name], found, language), "run `make learn`"
    assert f"/{path.name})" in page(f"{'' if language == 'en' else 'ko/'}how-fine-tuning-works.txt")


@pytest.mark.parametrize(
    ("way", "score", "relation"),
    [
        ("random masks", "garment_share", "less"),
        ("masks from words", "garment_share", "alike"),
        ("prior preserved", "leak_both", "less"),
        ("prior preserved", "leak_colour", "more"),
        ("prior preserved", "garment_share", "less"),
        ("prior of 10 pictures", "leak_both", "less"),
        ("learning rate 0.0004", "garment_share", "less"),
        ("learning rate 0.0012", "garment_share", "alike"),
        ("learning rate 0.0012", "loss", "more"),
        ("learning rate 0.04", "garment_share", "less"),
        ("15 steps", "garment_share", "alike"),
        ("15 steps", "loss", "more"),
        ("15 steps", "leak_both", "less"),
        ("160 steps", "loss", "less"),
        ("160 steps", "leak_both", "more"),
        ("rank 1", "garment_share", "alike"),
        ("rank 4", "garment_share", "alike"),
        ("rank 64", "garment_share", "alike"),
        ("rank 1", "loss", "more"),
        ("rank 4", "loss", "more"),
        ("rank 64", "loss", "alike"),
        ("rank 1", "leak_both", "less"),
        ("rank 64", "leak_both", "more"),
        ("4 pictures", "garment_share", "alike"),
        ("24 pictures", "garment_share", "alike"),
        ("24 pictures", "loss", "alike"),
        ("no own word", "garment_share", "alike"),
        ("worn besides", "garment_share", "alike"),
        ("no own word", "leak_both", "alike"),
        ("worn besides", "leak_both", "more"),
        ("4 pictures", "loss", "alike"),
    ],
)
def test_what_the_page_says_of_a_setting_beside_the_default_was_measured(way: str, score: str, relation: str) -> None:
    results = TrainingResults()
    found, default = (results.spread(name)[score] for name in (way, "as it is"))
    more = "more" if found.mean > default.mean else "less"
    assert (more if told_apart(found, default) else "alike") == relation, f"{found} beside {default}"


@pytest.mark.parametrize("way", TRIED)
def test_what_each_way_paints_is_kept_small(way: str) -> None:
    assert strip_path(way).stat().st_size < 30_000
    with Image.open(strip_path(way)) as strip:
        assert strip.size == (4 * CELL, CELL)
