"""Makes the sample data: a style of 12 pictures, photos to restyle, and the true skirt masks to measure against.

    python -m models.tiny.make.sample

The style is a teal and orange diagonal skirt: colours and pattern that no base model was trained on.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.random import Generator
from PIL import Image

from models.tiny.make.figures import Drawing, draw
from models.tiny.make.palette import COLOURS, HELD_OUT_COLOURS, jitter
from models.tiny.make.wardrobe import LENGTHS, Garment, Outfit, random_garment

SAMPLE = Path(__file__).parents[1] / "sample"
INSTANCE_PROMPT = "a photo of sks skirt"
# Every colour by its name, so that preserving the prior keeps the words for them.
CLASS_PROMPT = f"a photo of a {{{'|'.join(COLOURS)}}} skirt"

# Seeds far from those of any training set; each picture adds its own number.
_STYLE_SEED, _EVALUATION_SEED, _PHOTO_SEED = 910_000, 920_000, 930_000
_STYLE_COUNT, _STYLE_SIZE = 12, (128, 128)
_EVALUATION_SIZES = ((128, 128), (192, 192), (256, 192), (160, 224))
_PHOTO_SIZES = ((200, 300), (192, 192), (256, 256), (128, 192))


def style_outfit(rng: Generator, length: str) -> Outfit:
    """Dress a woman in any top and in the held-out skirt of the given length."""
    colours = (jitter(HELD_OUT_COLOURS["teal"], rng, 4), jitter(HELD_OUT_COLOURS["orange"], rng, 4))
    skirt = Garment(kind="skirt", colour="teal", pattern="diagonal", length=length, cloth=colours)
    return Outfit(wearer="woman", garments=(random_garment("top", rng), skirt))


def style_drawings() -> Iterator[Drawing]:
    """Draw the pictures of the style: every skirt length equally often."""
    lengths = LENGTHS["skirt"]
    for index in range(_STYLE_COUNT):
        rng = np.random.default_rng((_STYLE_SEED, index))
        yield draw(style_outfit(rng, lengths[index % len(lengths)]), rng, _STYLE_SIZE)


def photo_drawings(seed: int, sizes: tuple[tuple[int, int], ...]) -> Iterator[Drawing]:
    """Draw other people in other skirts, one per size (width, height)."""
    for index, size in enumerate(sizes):
        rng = np.random.default_rng((seed, index))
        top = random_garment("top", rng)
        skirt = random_garment("skirt", rng, other_than=top.colour)
        yield draw(Outfit(wearer="woman", garments=(top, skirt)), rng, size)


def make(folder: Path = SAMPLE) -> None:
    """Write dataset/, dataset/evaluation/, photos/ and truth/ under the folder."""
    truth = folder / "truth"
    _write(style_drawings(), folder / "dataset", "skirt", truth)
    _write(photo_drawings(_EVALUATION_SEED, _EVALUATION_SIZES), folder / "dataset" / "evaluation", "look", truth)
    _write(photo_drawings(_PHOTO_SEED, _PHOTO_SIZES), folder / "photos", "street", truth)
    info = {"instance_prompt": INSTANCE_PROMPT, "class_prompt": CLASS_PROMPT}
    (folder / "dataset" / "dataset_info.json").write_text(json.dumps(info, indent=2) + "\n")


def _write(drawn: Iterator[Drawing], folder: Path, stem: str, truth: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    truth.mkdir(parents=True, exist_ok=True)
    for number, drawing in enumerate(drawn, start=1):
        name = f"{stem}-{number:02}.png"
        drawing.image.save(folder / name, optimize=True)
        Image.fromarray(drawing.mask("skirt").astype(np.uint8) * 255).save(truth / name, optimize=True)


if __name__ == "__main__":
    make()
    print(f"wrote {SAMPLE}")
