"""Training jobs to measure: folders as SageMaker lays them out, for the tiny family and for a miniature of Stable Diffusion's shape."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from atelier_training.data.masking import Masking, PictureMask
from atelier_training.paths import MlPaths
from bench.miniature import AutoencoderShape, save_medium
from contracts.artifact import to_json
from contracts.layout import MANIFEST
from imaging.masks import Mask, from_image, to_image
from models.catalogue import find
from models.tiny.make.figures import draw
from models.tiny.make.sample import CLASS_PROMPT, INSTANCE_PROMPT, SAMPLE, style_outfit
from models.tiny.make.wardrobe import LENGTHS

TINY = "tiny-inpaint"
MEDIUM_SIDE = 256
AUTOENCODER = AutoencoderShape(channels=(64, 64, 128, 128), layers=2)
"""Two encodings cost 0.77 of the denoiser's forward and backward pass; Stable Diffusion 1.5's at 512 pixels 0.93 (2,234 of 2,407 GFLOP)."""
MEDIUM_PHOTOS = 12
MEDIUM_SIZE = (960, 1280)
"""Width and height."""
_MEDIUM_SEED = 940_000

SETTINGS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "tiny": {method: find(TINY).training[method] for method in ("lora", "full")},
    "medium": {
        "lora": {"max_steps": 100, "batch_size": 1, "learning_rate": 1e-4, "lora_rank": 8},
        "full": {"max_steps": 100, "batch_size": 1, "learning_rate": 1e-5, "max_grad_norm": 0},
    },
}
"""What is asked of each by method: the catalogue's own of the tiny family, JumpStart's batch of 1 of the miniature.

The plain loop clips gradients, as the public scripts do, whatever is asked.
"""


@dataclass(frozen=True, kw_only=True)
class DrawnPicture:
    """A picture of the garment, encoded as ``name`` says, and the garment's mask (h, w)."""

    name: str
    encoded: bytes
    mask: Mask


def tiny_pictures() -> list[DrawnPicture]:
    """The shipped sample with its true masks."""
    return [
        DrawnPicture(
            name=path.name,
            encoded=path.read_bytes(),
            mask=from_image(Image.open(SAMPLE / "truth" / path.name)),
        )
        for path in sorted((SAMPLE / "dataset").glob("*.png"))
    ]


def medium_pictures(folder: Path) -> list[DrawnPicture]:
    """A dozen JPEGs of 1.2 megapixels, drawn once below ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    lengths, drawn = LENGTHS["skirt"], []
    for index in range(MEDIUM_PHOTOS):
        photo, mask = folder / f"skirt-{index:02}.jpg", folder / f"skirt-{index:02}.png"
        if not mask.is_file():
            rng = np.random.default_rng((_MEDIUM_SEED, index))
            drawing = draw(style_outfit(rng, lengths[index % len(lengths)]), rng, MEDIUM_SIZE)
            drawing.image.save(photo, quality=92)
            to_image(drawing.mask("skirt")).save(mask)
        drawn.append(
            DrawnPicture(name=photo.name, encoded=photo.read_bytes(), mask=from_image(Image.open(mask).convert("L")))
        )
    return drawn


def pictures_of(model: str, out: Path) -> list[DrawnPicture]:
    """What ``tiny`` or ``medium`` learns from."""
    return tiny_pictures() if model == "tiny" else medium_pictures(out / "pictures")


def make_root(
    model: str, method: str, out: Path, pictures: Sequence[DrawnPicture], name: str = "", **tuning: Any
) -> MlPaths:
    """A job that has not run yet, below ``out``: the base, pictures, masks, and ``hyperparameters.json``; ``tuning`` overrides SETTINGS."""
    paths = MlPaths(root=out / (name or f"{model}-{method}"))
    shutil.rmtree(paths.root, ignore_errors=True)
    _base(model, out, paths.channel("base"))
    _dataset(pictures, paths)
    settings = {
        "style": "sks",
        "execution": "bench",
        "task": "inpaint",
        "method": method,
        "target": "a skirt",
        "instance_prompt": INSTANCE_PROMPT,
        "class_prompt": CLASS_PROMPT,
        "dataset_sha256": "0" * 64,
        **SETTINGS[model][method],
        **tuning,
    }
    paths.hyperparameters.parent.mkdir(parents=True)
    paths.hyperparameters.write_text(json.dumps({key: str(value) for key, value in settings.items()}))
    return paths


def _base(model: str, out: Path, folder: Path) -> None:
    entry = find(TINY)
    shipped = Path(entry.source.folder)  # type: ignore[union-attr]
    if model == "tiny":
        shutil.copytree(shipped, folder)
        (folder / MANIFEST).write_text(to_json(entry.manifest(folder)), encoding="utf-8")
        return
    made = out / "medium-base"
    if not (made / MANIFEST).is_file():
        save_medium(made, shipped, AUTOENCODER)
        own = {"name": "medium", "revision": "1", "resolution": MEDIUM_SIDE}
        manifest = entry.manifest(made).model_copy(update=own)
        (made / MANIFEST).write_text(to_json(manifest), encoding="utf-8")
    shutil.copytree(made, folder, copy_function=_linked)


def _linked(source: str, target: str) -> None:
    Path(target).hardlink_to(source)


def _dataset(pictures: Sequence[DrawnPicture], paths: MlPaths) -> None:
    dataset, segment = paths.channel("dataset"), paths.channel("masks")
    dataset.mkdir(parents=True)
    (segment / "masks").mkdir(parents=True)
    described = []
    for each in pictures:
        (dataset / each.name).write_bytes(each.encoded)
        mask = f"masks/{Path(each.name).stem}.png"
        to_image(each.mask).save(segment / mask)
        described.append(PictureMask(name=each.name, mask=mask, score=1.0, area=float(each.mask.mean()), source="user"))
    Masking(mask_score=1.0, pictures=tuple(described)).write(segment)
