"""Teaching pictures say in Korean all that they say in English, but for prompts and numbers."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageFont

import lessons.figures
from lessons.figures import korean
from lessons.figures.all_figures import save_cards
from lessons.figures.card import ENGLISH, Band, Panel, draw_card
from lessons.figures.korean import LABELS, in_korean, korean_label
from lessons.trainings.drawing import COLUMNS, PAINTED

BAND = Band(
    title="what goes in", panels=[Panel(picture=Image.new("RGB", (8, 8)), words=["mask", "12.5 dB"])], columns=2
)


def label_of(node: ast.expr) -> str | None:
    """What a literal says, ``7`` for what is put into it; None for what is no literal."""
    if isinstance(node, ast.JoinedStr):
        return "".join(label_of(part) or "7" for part in node.values)
    return str(node.value) if isinstance(node, ast.Constant) else None


def drawn_labels() -> Iterator[str]:
    """Every title and all words that are written in the code of the figures, and those of what trained models paint."""
    for path in Path(lessons.figures.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg in ("title", "words"):
                listed = node.value.elts if isinstance(node.value, ast.List) else [node.value]
                yield from filter(None, map(label_of, listed))
    yield COLUMNS
    yield from (words for ways in PAINTED.values() for _, words in ways)


def test_every_label_of_a_figure_is_told_in_korean_and_no_other() -> None:
    told = {korean_label(label): label for label in drawn_labels()}
    assert len(told) > len(LABELS)
    used = {korean.NUMBER.sub("#", label) for label in told.values()}
    assert used >= LABELS.keys()


@pytest.mark.parametrize("label", LABELS)
def test_a_label_keeps_its_numbers_and_prompts(label: str) -> None:
    assert LABELS[label].count("#") == label.count("#")
    assert [part.split("”")[0] for part in LABELS[label].split("“")[1:]] == [
        part.split("”")[0] for part in label.split("“")[1:]
    ]
    assert any("가" <= letter <= "힣" for letter in LABELS[label])


def test_numbers_come_in_their_order() -> None:
    assert korean_label("step 3, t = 599") == "3번째 걸음, t = 599"
    assert korean_label("0.04: all is forgotten") == "0.04: 모두 잊음"


@pytest.mark.parametrize("label", ["", "4", "0.004", "t = 250", "12 %", "27.1 dB", "“a skirt”"])
def test_what_all_languages_write_alike_stays(label: str) -> None:
    assert korean_label(label) == label


def test_a_label_without_korean_is_refused() -> None:
    with pytest.raises(ValueError, match=r"got 'what # eyes see'; allowed: those of lessons/figures/korean\.py"):
        korean_label("what 2 eyes see")


def test_a_band_is_told_in_korean_but_for_a_prompt() -> None:
    prompt = Band(title="a red skirt", panels=BAND.panels, columns=1, is_prompt=True)
    told, asked = in_korean([BAND, prompt])
    assert (told.title, told.panels[0].words) == ("들어가는 것", ["마스크", "12.5 dB"])
    assert (asked.title, asked.columns) == ("a red skirt", 1)


def test_without_a_korean_font_the_korean_picture_stays_and_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(korean, "FONT", "no-such-font.ttc")
    (tmp_path / "one.ko.webp").write_bytes(b"as committed")
    save_cards("one", [BAND], tmp_path)
    assert (tmp_path / "one.ko.webp").read_bytes() == b"as committed"
    assert "fonts-noto-cjk" in capsys.readouterr().out
    with Image.open(tmp_path / "one.webp") as drawn:
        assert drawn.size == draw_card([BAND]).size


def test_with_a_korean_font_both_pictures_are_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, int]] = []

    def opened(file: str, size: int, index: int) -> object:
        asked.append((file, index))
        return ENGLISH.words

    monkeypatch.setattr(ImageFont, "truetype", opened)
    save_cards("one", [BAND], tmp_path)
    assert set(asked) == {("NotoSansCJK-Regular.ttc", 1)}
    assert {path.name for path in tmp_path.iterdir()} == {"one.webp", "one.ko.webp"}
