"""What is on each contact sheet: held-out figures through the real pipelines, at the defaults of the catalogue."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import numpy as np
from PIL import Image

from imaging.masks import Mask
from imaging.segmenter import Segmenter
from models.tiny.make.captions import outfit_caption
from models.tiny.make.sample import INSTANCE_PROMPT, SAMPLE
from models.tiny.make.score.enlarging import FACTOR, bicubic, enlarge, large_figures, load_upscaler, psnr
from models.tiny.make.score.held_out import PARTS, SCORE_SEED, crop, figures, repaint_requests, spoken
from models.tiny.make.score.masks import answer, overlap, prompt
from models.tiny.make.score.painting import load, paint
from models.tiny.make.score.patterns import dominant_colour
from models.tiny.make.score.portraits import paint_outfits
from models.tiny.make.score.styles import load_style, repaint_photos, skirt_photos, train_style
from models.tiny.make.sheets.page import Cell, draw_page

Item = TypeVar("Item")

_MASKED = (255, 0, 255)
_STREAM = 20  # of figures: scores use others


def inpaint(weights: Path) -> Image.Image:
    """Garments repainted as words say, two requests a row."""
    requested = list(repaint_requests(16, stream=_STREAM))
    crops = [crop(drawing, worn, growth=2) for drawing, worn, _ in requested]
    wanted = [garment for *_, garment in requested]
    painted = paint(
        load(weights / "inpaint"), [spoken(g) for g in wanted], [(c.picture, c.mask) for c in crops], seed=5
    )
    triples = [
        (
            Cell(picture=c.picture, words=spoken(c.garment).removeprefix("a photo of ")),
            Cell(picture=highlighted(c.picture, c.mask)),
            Cell(picture=picture, words=f"{spoken(garment)} ({dominant_colour(picture, c.mask)})"),
        )
        for c, garment, picture in zip(crops, wanted, painted, strict=True)
    ]
    rows = [[cell for triple in pair for cell in triple] for pair in in_rows(triples, 2)]
    heads = ("photo", "to repaint", "painted") * 2
    return draw_page("tiny-inpaint: held-out figures, before pasting back (colour found)", rows, side=128, heads=heads)


def text_to_image(weights: Path) -> Image.Image:
    """Whole pictures painted from words alone."""
    outfits = [drawing.outfit for drawing in figures(24, stream=_STREAM + 1)]
    painted = paint_outfits(load(weights / "inpaint"), outfits, np.random.default_rng((SCORE_SEED, _STREAM)))
    rng = np.random.default_rng((SCORE_SEED, _STREAM))
    cells = [Cell(picture=p, words=outfit_caption(o, rng)) for p, o in zip(painted, outfits, strict=True)]
    return draw_page("tiny-inpaint: pictures from words alone, 64 pixels", in_rows(cells, 6), side=128)


def segmenter(weights: Path) -> Image.Image:
    """What the service masks for each part, and how well it fits."""
    model = Segmenter.load(weights / "clipseg")
    rows = []
    for drawing in figures(7, stream=_STREAM + 2):
        cells = [Cell(picture=drawing.image, words=" and ".join(spoken(g)[11:] for g in drawing.outfit.garments))]
        for part in PARTS:
            found, truth = answer(model, drawing, part), drawing.mask(part)
            cells.append(Cell(picture=highlighted(drawing.image, found), words=verdict(found, truth)))
        rows.append(cells)
    heads = ("picture", *(f"“{prompt(part)}”" for part in PARTS))
    return draw_page("tiny-clipseg: masks from words (magenta), 192 pixels", rows, side=144, heads=heads)


def upscaler(weights: Path) -> Image.Image:
    """Small pictures made four times as large, beside interpolation and the original."""
    truths = large_figures(3)
    small = [truth.reduce(FACTOR) for truth in truths]
    rows = []
    for truth, given, large in zip(truths, small, enlarge(load_upscaler(weights / "upscaler"), small), strict=True):
        plain = bicubic(given)
        rows.append(
            [
                Cell(picture=given, words="64 x 64"),
                Cell(picture=plain, words=f"{psnr(plain, truth):.1f} dB"),
                Cell(picture=large, words=f"{psnr(large, truth):.1f} dB"),
                Cell(picture=truth, words="256 x 256"),
            ]
        )
    heads = ("given", "bicubic", "tiny-upscaler", "original")
    return draw_page("tiny-upscaler: held-out figures made four times as large", rows, side=256, heads=heads)


def dreambooth(weights: Path) -> Image.Image:
    """The sample's style: its pictures, and photos restyled before and after fine-tuning."""
    photos, base = skirt_photos(6), weights / "inpaint"
    columns = [repaint_photos(load(base), photos, INSTANCE_PROMPT, [7])]
    for method, prior in (("lora", False), ("full", False), ("lora", True)):
        with TemporaryDirectory(prefix="atelier-sheet-") as folder:
            trained = train_style(base, Path(folder), method, {"with_prior_preservation": prior})
            painter = load_style(base, trained)
        columns.append(repaint_photos(painter, photos, INSTANCE_PROMPT, [7]))
    columns.append(repaint_photos(painter, photos, "a photo of a red skirt", [7]))
    learnt = [Cell(picture=Image.open(path)) for path in sorted((SAMPLE / "dataset").glob("*.png"))[:7]]
    rows = [
        [Cell(picture=photo.picture), Cell(picture=photo.mask), *(Cell(picture=column[row][0]) for column in columns)]
        for row, photo in enumerate(photos)
    ]
    words = ("photo", "mask", "base", "LoRA", "full", "LoRA, prior preservation", "that one, “a photo of a red skirt”")
    rows[-1] = [Cell(picture=cell.picture, words=text) for cell, text in zip(rows[-1], words, strict=True)]
    return draw_page(f"“{INSTANCE_PROMPT}”, learnt from 12 pictures (7 in the first row)", [learnt, *rows], side=128)


PAGES: Mapping[str, Callable[[Path], Image.Image]] = {
    "inpaint": inpaint,
    "text-to-image": text_to_image,
    "segmenter": segmenter,
    "upscaler": upscaler,
    "dreambooth": dreambooth,
}


def in_rows(items: Sequence[Item], length: int) -> list[Sequence[Item]]:
    """Break items into rows of one length; the last may be shorter."""
    return [items[start : start + length] for start in range(0, len(items), length)]


def highlighted(picture: Image.Image, mask: Mask) -> Image.Image:
    """Return the picture with the mask (h, w) in magenta over it."""
    levels = np.asarray(picture, np.float32)
    tinted = np.where(mask[..., None], 0.35 * levels + 0.65 * np.asarray(_MASKED, np.float32), levels)
    return Image.fromarray(tinted.astype(np.uint8))


def verdict(found: Mask, truth: Mask) -> str:
    """Say how a mask compares with the true one."""
    if not truth.any():
        return "wrong: nobody wears it" if found.any() else "not found: right"
    return f"overlap {overlap(found, truth):.2f}" if found.any() else "not found: wrong"
