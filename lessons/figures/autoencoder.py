"""What the autoencoder loses: pictures, what comes back of them, and the difference made visible."""

import numpy as np
from PIL import Image

from lessons.figures.card import Band, Panel, TeachingPicture
from lessons.figures.subjects import as_seen, dressed, shirt, skirt
from lessons.figures.workshop import SIDE, Workshop
from models.tiny.make.score.held_out import figures

TIMES = 8
MEASURED, _STREAM = 64, 70
SHOWN = (dressed(1, shirt("white"), skirt("red", "striped")), dressed(2, shirt("purple", "dotted"), skirt("yellow")))


def draw(workshop: Workshop) -> TeachingPicture:
    """Two people to look at; the numbers are of 64."""
    shown = [as_seen(each.image, SIDE) for each in SHOWN]
    measured = [as_seen(each.image, SIDE) for each in figures(MEASURED, stream=_STREAM)]
    returned = workshop.decode(workshop.encode(shown))
    panels = []
    for picture, back in zip(shown, returned, strict=True):
        panels += [
            Panel(picture=picture, words=["picture"], smooth=True),
            Panel(picture=back, words=["decoded again", f"{psnr(picture, back):.1f} dB"], smooth=True),
            Panel(picture=difference(picture, back), words=[f"difference, {TIMES} times"], smooth=True),
        ]
    found = [psnr(one, back) for one, back in zip(measured, workshop.decode(workshop.encode(measured)), strict=True)]
    numbers = {
        "pictures": MEASURED,
        "psnr_mean": round(float(np.mean(found)), 1),
        "psnr_deviation": round(float(np.std(found, ddof=1)), 1),
        "psnr_least": round(min(found), 1),
        "values_before": SIDE * SIDE * 3,
        "values_after": int(workshop.encode(shown[:1]).numel()),
        "times": TIMES,
    }
    return TeachingPicture(bands=[Band(title="", panels=panels, columns=3)], numbers=numbers)


def psnr(picture: Image.Image, other: Image.Image) -> float:
    """How alike two RGB pictures of one size are, in dB."""
    error = (np.asarray(picture, np.float64) - np.asarray(other, np.float64)) ** 2
    return float(10 * np.log10(255**2 / error.mean()))


def difference(picture: Image.Image, other: Image.Image) -> Image.Image:
    """Grey where two pictures agree, lighter and darker by TIMES the levels that they differ."""
    apart = np.asarray(other, np.float32) - np.asarray(picture, np.float32)
    return Image.fromarray(np.clip(128 + TIMES * apart, 0, 255).astype(np.uint8))
