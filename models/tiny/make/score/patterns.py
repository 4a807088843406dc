"""What a garment looks like: its named colour, and its pattern by a small classifier, trained on real drawings each time it is needed."""

from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from imaging.masks import Mask, grow
from models.tiny.make.palette import COLOURS
from models.tiny.make.score.held_out import Crop, crop, figures
from models.tiny.make.textures import PATTERNS

_STREAM = 50  # of figures, so that the classifier is tested on none it learnt from
_EPOCHS = 6
_BATCH = 32
# Standard deviation in grey levels: real patterned cloth has 44 to 100, real plain cloth 1 to 11. What little a painted plain cloth
# varies must not be blown up to the strength of a pattern.
_LEAST_SPREAD = 40.0


_NAMES = tuple(COLOURS)
_LEVELS = np.array([COLOURS[name] for name in _NAMES], np.float32)


def dominant_colour(picture: Image.Image, mask: Mask) -> str:
    """Return the named colour nearest to the most pixels inside the mask (h, w), its one-pixel rim left out."""
    inside: NDArray[np.float32] = np.asarray(picture, np.float32)[grow(mask, -1)]
    nearest = np.linalg.norm(inside[:, None] - _LEVELS, axis=2).argmin(1)
    return _NAMES[int(np.bincount(nearest, minlength=len(_NAMES)).argmax())]


class PatternClassifier:
    """Names the pattern inside a mask from light and dark alone, so that colour cannot help it."""

    def __init__(self, drawn: int = 1500) -> None:
        torch.manual_seed(0)
        self._network = nn.Sequential(
            *_stage(2, 16), *_stage(16, 32), *_stage(32, 48), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(48, 4)
        )
        self._fit(drawn)

    @torch.no_grad()
    def __call__(self, pictures: list[Image.Image], masks: list[Mask]) -> list[str]:
        """Return the pattern of each square picture's masked part."""
        scores = self._network.eval()(torch.stack([_features(p, m) for p, m in zip(pictures, masks, strict=True)]))
        return [PATTERNS[index] for index in scores.argmax(1).tolist()]

    def accuracy(self, crops: list[Crop]) -> float:
        """Return the share of real garments whose pattern it names rightly."""
        named = self([c.picture for c in crops], [c.mask for c in crops])
        return float(np.mean([name == c.garment.pattern for name, c in zip(named, crops, strict=True)]))

    def _fit(self, drawn: int) -> None:
        crops = list(worn_crops(drawn, stream=_STREAM))
        inputs = torch.stack([_features(c.picture, c.mask) for c in crops])
        truth = torch.tensor([PATTERNS.index(c.garment.pattern) for c in crops])
        steps = _EPOCHS * len(crops) // _BATCH
        optimizer = torch.optim.AdamW(self._network.parameters(), 3e-3)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 5e-3, total_steps=steps)
        for _ in range(steps):
            picked = torch.randint(len(crops), (_BATCH,))
            loss = nn.functional.cross_entropy(self._network(inputs[picked]), truth[picked])
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            schedule.step()


def worn_crops(count: int, *, stream: int) -> Iterable[Crop]:
    """Frame the last garment of each of `count` figures."""
    for drawing in figures(count, stream=stream):
        yield crop(drawing, drawing.outfit.garments[-1])


def _stage(before: int, after: int) -> list[nn.Module]:
    return [nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU(), nn.MaxPool2d(2)]


def _features(picture: Image.Image, mask: Mask) -> Tensor:
    """Standardised grey levels inside the mask, and the mask: (2, h, w)."""
    inner = grow(mask, -1)
    grey = np.asarray(picture.convert("L"), np.float32)
    inside = grey[inner]
    spread = max(float(inside.std()), _LEAST_SPREAD)
    levels = np.where(inner, (grey - inside.mean()) / spread, 0)
    return torch.from_numpy(np.stack([levels, inner]).astype(np.float32))
