"""Draws mannequins: one seed gives one picture, its label map and its caption, for ever.

A figure stands in a muted room, wears what its outfit says, and each pixel of its label map is an index into LABELS.
Held out of all training data are the patterns diagonal, zigzag and argyle and the colours teal and orange
(see textures.py and palette.py); the sample style is made of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

from models.tiny.make import body as anatomy
from models.tiny.make.body import Body, random_body
from models.tiny.make.canvas import Canvas, FigureFrame, Paint
from models.tiny.make.palette import COLOURS, HAIRS, RGB, SKINS, jitter, pattern_partner, pick
from models.tiny.make.scenery import background
from models.tiny.make.tailoring import cut
from models.tiny.make.textures import Plane, weave
from models.tiny.make.wardrobe import LABELS, Garment, Outfit, random_outfit

_SKIN, _HAIR, _SHOES = (LABELS.index(name) for name in ("skin", "hair", "shoes"))
_DRAW_ORDER = {"trousers": 0, "skirt": 1, "top": 2, "dress": 2}
_TUCKED_SHARE = 0.6
# Pattern repeat over the figure's height: 8 pixels on a figure of 64. Patterns are matched as a tailor does: centred on the body, and
# beginning at the garment's upper edge. A model can then tell from the outline where a stripe belongs, instead of a mean of all places.
_PERIOD = (0.122, 0.128)
_MISMATCH = 0.004
_UPPER_EDGE = {"top": 0.17, "dress": 0.17, "skirt": 0.38, "trousers": 0.38}


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """One drawn figure: 8-bit RGB image, label map (h, w) uint8 with indices into LABELS, and what is worn."""

    image: Image.Image
    labels: NDArray[np.uint8]
    outfit: Outfit

    def mask(self, label: str) -> NDArray[np.bool_]:
        """Return the pixels (h, w) that carry one of LABELS."""
        return np.asarray(self.labels == LABELS.index(label))


def draw(outfit: Outfit, rng: Generator, size: tuple[int, int] = (192, 192)) -> Drawing:
    """Draw one figure wearing an outfit on a canvas of `size` (width, height) pixels, at least 64 each."""
    if min(size) < 64:
        raise ValueError(f"figure canvas is {size[0]}x{size[1]} pixels; each side must be at least 64")
    width, height = size
    stature = height * rng.uniform(0.92, 1.0)
    frame = FigureFrame(
        centre=width / 2 + stature * rng.uniform(-0.07, 0.07), crown=height * rng.uniform(0.01, 0.04), height=stature
    )
    canvas = Canvas(background(size, rng), frame)
    body = random_body(rng)
    skin = jitter(pick(SKINS, rng), rng, 8)
    _draw_person(canvas, body, skin, rng)
    _dress(canvas, body, outfit, rng)
    canvas.fill(anatomy.hands(body), _SKIN, _solid(skin, canvas.frame))
    return Drawing(image=canvas.image(), labels=canvas.labels, outfit=outfit)


def drawings(seed: int, count: int, size: tuple[int, int] = (192, 192)) -> Iterator[Drawing]:
    """Draw `count` random figures; figure number i depends on (seed, i) alone, so any slice can be redrawn."""
    for index in range(count):
        rng = np.random.default_rng((seed, index))
        yield draw(random_outfit(rng), rng, size)


def _draw_person(canvas: Canvas, body: Body, skin: RGB, rng: Generator) -> None:
    bare, hair = _solid(skin, canvas.frame), _solid(jitter(pick(HAIRS, rng), rng, 10), canvas.frame)
    shoes = _solid(jitter(pick(tuple(COLOURS.values()), rng), rng, 12), canvas.frame)
    if behind := anatomy.hair_behind(body):
        canvas.fill(behind, _HAIR, hair)
    canvas.fill(body.legs, _SKIN, bare)
    canvas.fill(anatomy.feet(body), _SHOES, shoes)
    canvas.fill(anatomy.torso(body), _SKIN, bare)
    canvas.fill(anatomy.arms(body), _SKIN, bare)
    canvas.fill(anatomy.head(body), _SKIN, bare)
    canvas.fill(anatomy.hair_above(body), _HAIR, hair)


def _dress(canvas: Canvas, body: Body, outfit: Outfit, rng: Generator) -> None:
    tucked = len(outfit.garments) > 1 and rng.random() < _TUCKED_SHARE
    for garment in sorted(outfit.garments, key=lambda g: _DRAW_ORDER[g.kind], reverse=tucked):
        shapes = cut(garment, body, tucked=tucked, rng=rng)
        canvas.fill(shapes, garment.label, _cloth(garment, canvas.frame, rng))


def _solid(colour: RGB, frame: FigureFrame) -> Paint:
    level = np.asarray(colour, np.float32)
    return lambda x, y: level * _roundness(x, frame, 0.12)[..., None]


def _cloth(garment: Garment, frame: FigureFrame, rng: Generator) -> Paint:
    colours = garment.cloth or (
        jitter(COLOURS[garment.colour], rng, 12),
        jitter(pattern_partner(garment.colour), rng, 6),
    )
    period = rng.uniform(*_PERIOD) * frame.height
    across, down = rng.uniform(-_MISMATCH, _MISMATCH, 2)
    left, top = frame.place((across, _UPPER_EDGE[garment.kind] + down))
    pleats, phase = rng.uniform(50, 90) / frame.height, rng.uniform(0, 2 * np.pi)
    hangs = garment.kind in {"skirt", "dress"}

    def paint(x: Plane, y: Plane) -> Plane:
        light = _roundness(x, frame, 0.1)
        if hangs:
            depth = np.clip(((y - frame.crown) / frame.height - 0.42) / 0.3, 0, 1)
            light = light * (1 - 0.1 * depth * (0.5 + 0.5 * np.sin((x - frame.centre) * pleats + phase)))
        cloth = weave(garment.pattern, x - left, y - top, colours=colours, period=period)
        return np.asarray(cloth * light[..., None], np.float32)

    return paint


def _roundness(x: Plane, frame: FigureFrame, amount: float) -> Plane:
    """Darken towards the sides by `amount` at a fifth of the height from the axis."""
    return np.asarray(1 - amount * np.clip(np.abs(x - frame.centre) / (0.195 * frame.height), 0, 1.2) ** 2)
