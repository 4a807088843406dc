"""docs/tiny-models.md tells the scores of the model cards, and its pictures are there and small."""

import re
from pathlib import Path

import pytest
from PIL import Image

from models.tiny.make.score.__main__ import KEYS
from models.tiny.make.score.cards import read_card, write_card, write_table
from models.tiny.make.sheets.pages import PAGES

MOST_BYTES = 400_000


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    return (root / "docs" / "tiny-models.md").read_text(encoding="utf-8")


def test_the_page_tells_every_score_as_the_cards_do(page: str, root: Path, tmp_path: Path) -> None:
    written = tmp_path / "page.md"
    written.write_text(page, encoding="utf-8")
    write_table(written, root / "models" / "tiny" / "weights")
    assert written.read_text(encoding="utf-8") == page
    told = set(re.findall(r"^\| `(\w+)` \| [^|]* \| -?[\d.]+ \|$", page, re.MULTILINE))
    assert told == set(KEYS)


def test_a_score_is_put_into_a_card_beside_the_others(tmp_path: Path) -> None:
    card = tmp_path / "README.md"
    card.write_text('# model\n```json\n{"a": 1.0, "b": 2.0}\n```\nend\n', encoding="utf-8")
    write_card(card, {"b": 0.5, "c": 3.0})
    assert read_card(card) == {"a": 1.0, "b": 0.5, "c": 3.0}
    assert card.read_text(encoding="utf-8").startswith("# model\n```json\n")
    assert card.read_text(encoding="utf-8").endswith("```\nend\n")


def test_a_card_without_scores_is_named(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# model\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"README.md: no block of JSON"):
        read_card(tmp_path / "README.md")


@pytest.mark.parametrize("name", PAGES)
def test_each_contact_sheet_is_shown_and_small(page: str, name: str, root: Path) -> None:
    assert f"](sheets/{name}.png)" in page
    path = root / "docs" / "sheets" / f"{name}.png"
    assert path.stat().st_size <= MOST_BYTES
    with Image.open(path) as sheet:
        assert min(sheet.size) >= 400
