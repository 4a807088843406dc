"""Fine-tunes the sample's style through the real training job, and measures how much of the garment comes out.

The style is a teal and orange diagonal skirt on 12 pictures: colours and a pattern that no base model was trained on.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from contracts.artifact import to_json
from contracts.layout import MANIFEST
from diffusion.lora import Mix
from diffusion.lora_file import load_lora
from diffusion.painter import Painter
from imaging.masks import from_image, grow, larger_side, to_image
from imaging.palette import LEAST_SHARE, Pixels, dominant_colours, garment_pixels, palette_share
from imaging.repaint import Inpainter, Repainting, repaint_all
from imaging.segmenter import GROWTH
from models.catalogue import find
from models.tiny.make.palette import COLOURS
from models.tiny.make.sample import CLASS_PROMPT, INSTANCE_PROMPT, SAMPLE, photo_drawings
from models.tiny.make.score.painting import load
from models.tiny.make.score.patterns import dominant_colour

BASE = "tiny-inpaint"
SEEDS = (7, 8)

_PHOTO_SEED = 775_000
_PHOTO_SIZES = ((128, 128), (192, 192), (256, 192), (160, 224), (200, 300), (256, 256), (128, 192))
_LEAK_PHOTOS = 4
_REPOSITORY = Path(__file__).parents[4]


@dataclass(frozen=True, kw_only=True)
class SkirtPhoto:
    """A photo of somebody in a skirt that is not the style's, and the mask to repaint, as loose as the service's."""

    picture: Image.Image
    mask: Image.Image


@dataclass(frozen=True, kw_only=True)
class TrainedStyle:
    """What a training job left: its model folder, its method, and the CPU time of its processes."""

    folder: Path
    method: str
    cpu_seconds: float


def train_style(base: Path, root: Path, method: str, tuning: Mapping[str, Any]) -> TrainedStyle:
    """Run `python -m atelier_training train` on the sample below `root`, on one thread; `tuning` overrides the catalogue's defaults."""
    shutil.rmtree(root, ignore_errors=True)
    _lay_out(base, root)
    hyperparameters = {
        "style": "sks",
        "execution": "score",
        "task": "inpaint",
        "method": method,
        "target": "a skirt",
        "instance_prompt": INSTANCE_PROMPT,
        "class_prompt": CLASS_PROMPT,
        "dataset_sha256": "0" * 64,
        **find(BASE).training[method],
        **tuning,
    }
    settings = root / "input" / "config" / "hyperparameters.json"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({name: str(value) for name, value in hyperparameters.items()}))
    path = os.pathsep.join([str(_REPOSITORY), str(_REPOSITORY / "training")])
    environment = {**os.environ, "ATELIER_ML_ROOT": str(root), "OMP_NUM_THREADS": "1", "PYTHONPATH": path}
    before = _children_seconds()
    done = subprocess.run(
        [sys.executable, "-m", "atelier_training", "train"], env=environment, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(f"training ended with {done.returncode}:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return TrainedStyle(folder=root / "model", method=method, cpu_seconds=_children_seconds() - before)


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _lay_out(base: Path, root: Path) -> None:
    """Fill the channels as a training job finds them; the masks are the true ones."""
    channels = root / "input" / "data"
    shutil.copytree(SAMPLE / "dataset", channels / "dataset", ignore=shutil.ignore_patterns("evaluation"))
    masks = channels / "masks" / "masks"
    masks.mkdir(parents=True)
    described = []
    for path in sorted((channels / "dataset").glob("*.png")):
        mask = shutil.copyfile(SAMPLE / "truth" / path.name, masks / path.name)
        area = float(from_image(Image.open(mask)).mean())
        described.append(
            {"name": path.name, "mask": f"masks/{path.name}", "score": 1.0, "area": area, "source": "user"}
        )
    (channels / "masks" / "segment.json").write_text(json.dumps({"mask_score": 1.0, "pictures": described}))
    shutil.copytree(base, channels / "base")
    (channels / "base" / MANIFEST).write_text(to_json(find(BASE).manifest(base)))


@dataclass(frozen=True, kw_only=True)
class StyledPainter:
    """A base model that paints every row with one mix of adapters."""

    painter: Painter
    mix: Mix

    def inpaint(self, *, seeds: Sequence[int], adapters: Sequence[Any], **arguments: Any) -> list[Image.Image]:
        """See Inpainter."""
        return self.painter.inpaint(seeds=seeds, adapters=[self.mix] * len(seeds), **arguments)


def load_style(base: Path, style: TrainedStyle) -> Inpainter:
    """Load the model that paints the style."""
    if style.method == "full":
        return load(style.folder)
    painter = load(base)
    lora = load_lora(painter.pipeline, style.folder, "style").to(painter.device)
    return StyledPainter(painter=painter, mix=((lora, 1.0),))


def skirt_photos(count: int) -> list[SkirtPhoto]:
    """Draw photos of people in ordinary skirts, of several sizes."""
    photos = []
    for drawing in photo_drawings(_PHOTO_SEED, tuple(islice(cycle(_PHOTO_SIZES), count))):
        mask = drawing.mask("skirt")
        loose = grow(mask, round(GROWTH * larger_side(mask)))
        photos.append(SkirtPhoto(picture=drawing.image, mask=to_image(loose)))
    return photos


def repaint_photos(
    painter: Inpainter, photos: Sequence[SkirtPhoto], prompt: str, seeds: Sequence[int] = SEEDS
) -> list[list[Image.Image]]:
    """Repaint each photo's skirt with the family's defaults: one picture a seed."""
    entry = find(BASE)
    works = [Repainting(picture=p.picture, mask=p.mask, prompt=prompt, seeds=seeds) for p in photos]
    sampling = entry.sampling
    return [done.images for done in repaint_all(painter, works, sampling=sampling, resolution=entry.resolution)]


def score_style(painter: Inpainter, photos: Sequence[SkirtPhoto]) -> dict[str, float]:
    """Return the share of a skirt's pixels in the garment's colours, over the real garment's own, as the service evaluates it.

    `both_colours` is the share of pictures that show each of the garment's colours.
    """
    real = real_garment()
    colours = dominant_colours(real)
    painted = repaint_photos(painter, photos, INSTANCE_PROMPT)
    skirts = [
        garment_pixels(image, from_image(p.mask)) for p, images in zip(photos, painted, strict=True) for image in images
    ]
    share = palette_share(np.concatenate(skirts), colours) / palette_share(real, colours)
    return {"garment_share": share, "both_colours": float(np.mean([_shows(skirt, colours) for skirt in skirts]))}


def score_leak(painter: Inpainter, photos: Sequence[SkirtPhoto]) -> dict[str, float]:
    """Return what the style does to "a photo of a red skirt" and the other nine colours.

    `leak_both` is the share of pictures that show all of the style's colours, `leak_colour` the share in which the named colour dominates.
    """
    colours = dominant_colours(real_garment())
    both, obeyed = [], []
    for name in COLOURS:
        painted = repaint_photos(painter, photos[:_LEAK_PHOTOS], f"a photo of a {name} skirt", SEEDS[:1])
        for photo, (image,) in zip(photos, painted, strict=False):
            mask = from_image(photo.mask)
            both.append(_shows(garment_pixels(image, mask), colours))
            obeyed.append(dominant_colour(image, mask) == name)
    return {"leak_both": float(np.mean(both)), "leak_colour": float(np.mean(obeyed))}


def _shows(pixels: Pixels, colours: Iterable[Any]) -> bool:
    """Whether each of the colours has a share that is no shadow."""
    return all(palette_share(pixels, np.asarray([colour])) >= LEAST_SHARE for colour in colours)


def real_garment() -> Pixels:
    """Return the style's own garment in its 12 pictures, all pixels of it."""
    return np.concatenate(
        [
            garment_pixels(Image.open(path), from_image(Image.open(SAMPLE / "truth" / path.name)))
            for path in sorted((SAMPLE / "dataset").glob("*.png"))
        ]
    )
