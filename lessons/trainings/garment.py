"""What a training learns from: pictures of the sample's skirt, with the masks and the captions that are tried."""

import io
import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from atelier_training.paths import MlPaths
from bench.train.masks import randomly_masked
from bench.train.roots import DrawnPicture, tiny_pictures
from contracts.dataset import CAPTIONS
from imaging.masks import from_image
from imaging.pictures import decode
from imaging.segmenter import Segmenter
from lessons.trainings.tried import Tried
from models.catalogue import find
from models.tiny.make.figures import Drawing, draw
from models.tiny.make.sample import INSTANCE_PROMPT, style_drawings, style_outfit
from models.tiny.make.wardrobe import LENGTHS

SIDE = 128
TARGET = "a skirt"
_MORE_SEED = 970_000
"""Of pictures beyond the sample's twelve."""


@lru_cache
def drawings(count: int) -> tuple[Drawing, ...]:
    """The first ``count`` pictures: the sample's, then others of the same skirt in every length."""
    sample, lengths = list(style_drawings()), LENGTHS["skirt"]
    for index in range(count - len(sample)):
        rng = np.random.default_rng((_MORE_SEED, index))
        sample.append(draw(style_outfit(rng, lengths[index % len(lengths)]), rng, (SIDE, SIDE)))
    return tuple(sample[:count])


def pictures(tried: Tried, seed: int) -> list[DrawnPicture]:
    """The pictures of one way to train, each with its mask; random masks differ by ``seed``."""
    shipped, found = tiny_pictures(), []
    for index, drawing in enumerate(drawings(tried.pictures)):
        if index < len(shipped):
            found.append(shipped[index])
            continue
        encoded = io.BytesIO()
        drawing.image.save(encoded, "PNG")
        name = f"skirt-{index + 1:02}.png"
        found.append(DrawnPicture(name=name, encoded=encoded.getvalue(), mask=drawing.mask("skirt")))
    if tried.masks == "random":
        return randomly_masked(found, seed)
    return [_masked_by_words(each) for each in found] if tried.masks == "words" else found


def write_captions(tried: Tried, drawn: Sequence[DrawnPicture], paths: MlPaths) -> None:
    """Put ``captions.jsonl`` into a job's dataset, where its pictures are not learnt by the instance prompt."""
    if tried.captions == "prompt":
        return
    worn = [above(drawing) for drawing in drawings(tried.pictures)]
    words = {
        "no own word": ["a photo of a skirt"] * len(worn),
        "worn besides": [f"{INSTANCE_PROMPT} with {each}" for each in worn],
    }[tried.captions]
    lines = [json.dumps({"file_name": one.name, "text": text}) for one, text in zip(drawn, words, strict=True)]
    (paths.channel("dataset") / CAPTIONS).write_text("\n".join(lines) + "\n", encoding="utf-8")


def above(drawing: Drawing) -> str:
    """What is worn above the skirt: ``a red shirt``."""
    top = drawing.outfit.garments[0]
    return f"a {top.colour} shirt"


def _masked_by_words(picture: DrawnPicture) -> DrawnPicture:
    found = _segmenter().mask(decode(picture.encoded, name=picture.name), TARGET, grow=0)
    return DrawnPicture(name=picture.name, encoded=picture.encoded, mask=from_image(found.mask))


@lru_cache
def _segmenter() -> Segmenter:
    return Segmenter.load(Path(find("tiny-clipseg").source.folder))  # type: ignore[union-attr]
