"""The demo's HTML page: the sheet, what the numbers mean, and how long each stage took."""

from html import escape
from pathlib import Path
from typing import Any

MEANINGS = {
    "palette_before": "garment's colours inside the mask, before fine-tuning (share of pixels)",
    "palette_after": "the same, after fine-tuning",
    "palette_real": "the same, in real pictures of the garment: the upper bound",
    "mask_iou": "overlap of the mask that was found with the true one (1 is perfect)",
    "pixels_changed_outside": "bytes that changed outside the feathered mask",
    "total_seconds": "seconds from nothing to the last picture",
}

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Atelier: a skirt, learnt and worn</title>
<style>
  body {{ font: 16px/1.5 system-ui, sans-serif; color: #212529; max-width: 1010px; margin: 2rem auto; padding: 0 1rem; }}
  img {{ max-width: 100%; border: 1px solid #dee2e6; border-radius: 6px; }}
  table {{ border-collapse: collapse; margin: 1rem 0; }}
  td, th {{ padding: .3rem .9rem .3rem 0; text-align: left; border-bottom: 1px solid #dee2e6; font-weight: normal; }}
  td {{ font-variant-numeric: tabular-nums; }}
</style>
<h1>A skirt, learnt from 12 pictures and worn by people it never saw</h1>
<img src="sheet.png"
  alt="Four photos, a row each: the original, the mask found from the words, the skirt repainted before and after fine-tuning.">
<p>{disclosure}</p>
<h2>Numbers</h2>
<table>{numbers}</table>
<p><a href="{report}">The evaluation's own report</a>, as the state machine wrote it.</p>
<h2>Stages</h2>
<table>{stages}</table>
</html>
"""


def write_page(out: Path, numbers: dict[str, Any], report: Path, *, disclosure: str) -> None:
    """Write ``out/index.html`` beside the sheet it shows, with what people are to be told of its pictures."""
    page = PAGE.format(
        numbers=_rows((meaning, f"{numbers[name]:.4g}") for name, meaning in MEANINGS.items()),
        stages=_rows((name, f"{seconds:.1f} s") for name, seconds in numbers["stages_seconds"].items()),
        report=escape(report.name),
        disclosure=escape(disclosure),
    )
    (out / "index.html").write_text(page, encoding="utf-8")


def _rows(pairs: Any) -> str:
    return "".join(f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>' for name, value in pairs)
