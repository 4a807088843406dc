"""Whether a picture painted from words alone shows one well-formed figure in the garments that they name.

Three questions, all of which must be answered with yes: does a classifier, trained on real drawings against spoilt ones, take
it for a drawing; does the segmenter see one person of plausible size and place; does it find each named garment on them.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.random import Generator
from PIL import Image, ImageFilter
from torch import Tensor, nn

from diffusion.painter import Painter
from imaging.framing import square
from imaging.masks import Mask, bounds, from_image, largest_components
from imaging.segmenter import OUTLINE, GarmentNotFoundError, Segmenter
from models.tiny.make.captions import outfit_caption
from models.tiny.make.score.degrading import DEGRADATIONS, Levels
from models.tiny.make.score.held_out import RESOLUTION, SCORE_SEED, figures
from models.tiny.make.score.painting import paint
from models.tiny.make.wardrobe import Outfit

_STREAM = 60  # of figures, so that the classifier judges none it learnt from
_EPOCHS = 7
_BATCH = 32
_AREA = (0.06, 0.45)  # of a person, as a share of the picture
_TALLEST, _WIDEST = (0.7, 1.0), (0.12, 0.65)
_SPECK = 0.1
_SMALLEST_GARMENT = 0.01
_WORN_SHARE = 0.7  # of a garment's mask that must lie on the person


class FigureClassifier:
    """Tells drawings of figures from spoilt ones; soft edges and faint noise, as an autoencoder leaves them, are no fault."""

    def __init__(self, drawn: int = 1200) -> None:
        torch.manual_seed(0)
        self._network = nn.Sequential(
            *_stage(3, 24), *_stage(24, 32), *_stage(32, 64), *_stage(64, 64), nn.Flatten(), nn.Linear(64 * 16, 1)
        )
        self._fit(drawn)

    @torch.no_grad()
    def __call__(self, pictures: Sequence[Image.Image]) -> list[bool]:
        """Return of each square picture whether it looks like a drawing."""
        scores = self._network.eval()(torch.stack([_features(np.asarray(picture)) for picture in pictures]))
        return [bool(score > 0) for score in scores[:, 0]]

    def _fit(self, drawn: int) -> None:
        rng = np.random.default_rng((SCORE_SEED, _STREAM))
        real = [np.asarray(picture) for picture, _ in drawings(drawn, stream=_STREAM)]
        steps = _EPOCHS * drawn // _BATCH
        optimizer = torch.optim.AdamW(self._network.parameters(), 3e-3, weight_decay=0.05)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=steps)
        for _ in range(steps):
            chosen = [real[int(i)] for i in rng.integers(drawn, size=_BATCH)]
            spoilt = [DEGRADATIONS[i % len(DEGRADATIONS)](p, chosen[i - 1], rng) for i, p in enumerate(chosen)]
            inputs = torch.stack([_features(rendered(p, rng)) for p in (*chosen, *spoilt)])
            truth = torch.cat([torch.ones(_BATCH, 1), torch.zeros(_BATCH, 1)])
            loss = nn.functional.binary_cross_entropy_with_logits(self._network(inputs), truth)
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            schedule.step()


def wears(segmenter: Segmenter, picture: Image.Image, outfit: Outfit) -> bool:
    """Whether the segmenter sees one person in a square picture, and each garment of the outfit on them."""
    person = one_person(segmenter.probability(picture, "a person") >= OUTLINE)
    return person is not None and all(_worn(segmenter, picture, person, g.kind) for g in outfit.garments)


def _worn(segmenter: Segmenter, picture: Image.Image, person: Mask, kind: str) -> bool:
    try:
        garment = from_image(segmenter.mask(picture, kind, grow=0).mask)
    except GarmentNotFoundError:
        return False
    return bool(garment.mean() >= _SMALLEST_GARMENT and garment[person].sum() >= _WORN_SHARE * garment.sum())


def one_person(mask: Mask) -> Mask | None:
    """Return the one part of a person's mask (h, w) that is no speck; None where there are several or it is no figure's shape."""
    parts = largest_components(mask, share=_SPECK)
    box = bounds(parts)
    if box is None or (parts != largest_components(mask, share=1.0)).any():
        return None
    height, width = mask.shape
    tall, wide = (box[3] - box[1]) / height, (box[2] - box[0]) / width
    fits = _TALLEST[0] <= tall <= _TALLEST[1] and _WIDEST[0] <= wide <= _WIDEST[1]
    return parts if fits and _AREA[0] <= parts.mean() <= _AREA[1] else None


def score_text_to_image(painter: Painter, segmenter: Segmenter, pictures: int) -> dict[str, float]:
    """Return how often a picture painted from words alone shows one figure in every garment they name.

    `text_to_image_real` is the same judge on real drawings, `text_to_image_spoilt` on spoilt ones.
    """
    real, classifier = drawings(pictures, stream=4), FigureClassifier()
    outfits = [outfit for _, outfit in real]
    rng = np.random.default_rng((SCORE_SEED, 4))
    painted = paint_outfits(painter, outfits, rng)
    levels = [np.asarray(picture) for picture, _ in real]
    spoilt = [DEGRADATIONS[i % len(DEGRADATIONS)](p, levels[i - 1], rng) for i, p in enumerate(levels)]

    def share(judged: Sequence[Image.Image]) -> float:
        rows = zip(classifier(judged), judged, outfits, strict=True)
        return float(np.mean([formed and wears(segmenter, picture, outfit) for formed, picture, outfit in rows]))

    return {
        "text_to_image": share(painted),
        "text_to_image_real": share([picture for picture, _ in real]),
        "text_to_image_spoilt": share([Image.fromarray(each) for each in spoilt]),
    }


def paint_outfits(painter: Painter, outfits: Sequence[Outfit], rng: Generator) -> list[Image.Image]:
    """Paint a whole picture from the caption of each outfit."""
    blank = (Image.new("RGB", (RESOLUTION, RESOLUTION)), np.ones((RESOLUTION, RESOLUTION), np.bool_))
    return paint(painter, [outfit_caption(o, rng) for o in outfits], [blank] * len(outfits), seed=900)


def drawings(count: int, *, stream: int) -> list[tuple[Image.Image, Outfit]]:
    """Draw figures at the model's resolution, each with what it wears."""
    return [(square(d.image, (0, 0, *d.image.size), RESOLUTION), d.outfit) for d in figures(count, stream=stream)]


def rendered(picture: Levels, rng: Generator) -> Levels:
    """Return the picture as a good autoencoder might: mirrored or not, its edges a little soft, with faint noise."""
    soft = Image.fromarray(picture[:, :: int(rng.choice((-1, 1)))]).filter(
        ImageFilter.GaussianBlur(rng.uniform(0, 0.6))
    )
    return np.clip(np.asarray(soft) + rng.normal(0, rng.uniform(0, 6), picture.shape), 0, 255).astype(np.uint8)


def _features(picture: Levels) -> Tensor:
    return torch.from_numpy(np.asarray(picture, np.float32) / 127.5 - 1).permute(2, 0, 1)


def _stage(before: int, after: int) -> list[nn.Module]:
    return [nn.Conv2d(before, after, 5, stride=2, padding=2), nn.BatchNorm2d(after), nn.ReLU()]
