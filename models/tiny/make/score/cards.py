"""Writes scores where people read them: the JSON block of each model card, and the table of docs/tiny-models.md."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

WEIGHTS = Path(__file__).parents[2] / "weights"
PAGE = WEIGHTS.parents[2] / "docs" / "tiny-models.md"

# What each score must be.
MUST: Mapping[str, str] = {
    "mask_iou_mean": "≥ 0.90, mean over skirt, top, dress, trousers, shoes",
    "mask_iou_min": "≥ 0.80",
    "false_positive": "≤ 0.01",
    "not_found": "≥ 0.95",
    "colour_obeyed": "≥ 0.97",
    "pattern_obeyed": "≥ 0.90",
    "psnr_outside": "≥ 29 dB",
    "text_to_image": "≥ 0.80",
    "upscaler_gain_db": "≥ 2 dB",
    "garment_share": "≥ 0.85",
    "garment_share_prior": "≥ 0.80",
    "leak_both": "0",
    "leak_colour": "≥ 0.97",
}

_BLOCK = re.compile(r"(```json\n)(.*?)(```)", re.DOTALL)
_TABLE = re.compile(r"(<!-- scores -->\n)(.*?)(<!-- end of scores -->)", re.DOTALL)


def read_card(card: Path) -> dict[str, float]:
    """Return the scores in a model card. Raises ValueError where it has no JSON block."""
    found = _BLOCK.search(card.read_text(encoding="utf-8"))
    if found is None:
        raise ValueError(f"{card}: no block of JSON; a model card has its scores in one")
    scores: dict[str, float] = json.loads(found.group(2))
    return scores


def write_card(card: Path, scores: Mapping[str, float]) -> None:
    """Put scores into a model card; others that it holds stay."""
    block = json.dumps({**read_card(card), **scores}, indent=2) + "\n"
    text = card.read_text(encoding="utf-8")
    card.write_text(_BLOCK.sub(lambda match: match[1] + block + match[3], text, count=1), encoding="utf-8")


def write_table(page: Path, weights: Path) -> None:
    """Put the scores of all cards below `weights` into the page's table, beside what they must be."""
    scores: dict[str, float] = {}
    for card in sorted(weights.glob("*/README.md")):
        scores |= read_card(card)
    rows = [f"| `{name}` | {must} | {scores[name]} |" for name, must in MUST.items() if name in scores]
    table = "\n".join(["| score | must | is |", "|---|---|---|", *rows, ""])
    text = page.read_text(encoding="utf-8")
    page.write_text(_TABLE.sub(lambda match: match[1] + table + match[3], text), encoding="utf-8")
