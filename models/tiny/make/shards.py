"""Writes drawn figures as WebDataset-layout tar shards, the input of pretraining.

    python -m models.tiny.make.shards --out FOLDER --pictures 8000 --seed 1

Each sample is KEY.png, KEY.labels.png (the label map) and KEY.json: `captions` of the whole picture and `regions`,
one per garment, each with its `label` and its own `captions`. `dataset.json` beside the shards says what labels mean.
"""

import argparse
import io
import json
import tarfile
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from models.tiny.make.captions import garment_caption, outfit_caption
from models.tiny.make.figures import Drawing, draw
from models.tiny.make.wardrobe import LABELS, random_outfit

# What a segmenter's prompt may ask for, and which labels answer it.
PROMPTS: dict[str, tuple[str, ...]] = {
    **{name: (name,) for name in ("skirt", "top", "dress", "trousers", "shoes", "hair", "skin", "background")},
    **{"shirt": ("top",), "blouse": ("top",), "pants": ("trousers",), "shorts": ("trousers",), "wall": ("background",)},
    **dict.fromkeys(("person", "woman", "model"), LABELS[1:]),
    **dict.fromkeys(("clothes", "garment", "clothing"), ("top", "skirt", "trousers", "dress")),
}
_CAPTIONS_EACH = 4
_SIDE, _WORKERS = 192, 2
_EPOCH = 1_700_000_000  # a fixed time stamp, so that equal seeds give equal bytes


def write_shard(number: int, *, folder: Path, pictures: int, seed: int, side: int) -> Path:
    """Draw and write one shard of square pictures; they depend on the seed and the shard's number alone."""
    path = folder / f"figures-{number:05}.tar"
    rng = np.random.default_rng((seed, number))
    with tarfile.open(path, "w") as archive:
        for index in range(pictures):
            drawing = draw(random_outfit(rng), rng, (side, side))
            key = f"{number:05}-{index:05}"
            _add(archive, f"{key}.png", _png(drawing.image))
            _add(archive, f"{key}.labels.png", _png(Image.fromarray(drawing.labels)))
            _add(archive, f"{key}.json", json.dumps(describe(drawing, rng)).encode())
    return path


def describe(drawing: Drawing, rng: np.random.Generator) -> dict[str, Any]:
    """Return the sample's text: several captions of the whole and of each garment."""
    outfit = drawing.outfit
    regions = [
        {
            "label": garment.label,
            "captions": [garment_caption(garment, outfit.wearer, rng) for _ in range(_CAPTIONS_EACH)],
        }
        for garment in outfit.garments
    ]
    return {"captions": [outfit_caption(outfit, rng) for _ in range(_CAPTIONS_EACH)], "regions": regions}


def write(folder: Path, *, pictures: int, seed: int, shard_size: int) -> None:
    """Write all shards and dataset.json; `pictures` must be a multiple of `shard_size`."""
    if pictures % shard_size:
        raise ValueError(f"{pictures} pictures do not fill shards of {shard_size}; ask for a multiple of it")
    folder.mkdir(parents=True, exist_ok=True)
    write_vocabulary(folder, seed)
    shard, count = (
        partial(write_shard, folder=folder, pictures=shard_size, seed=seed, side=_SIDE),
        pictures // shard_size,
    )
    with get_context("spawn").Pool(_WORKERS) as pool:
        for done, path in enumerate(pool.imap(shard, range(count)), start=1):
            print(f"shard {done}/{count} {path.name}", flush=True)


def write_vocabulary(folder: Path, seed: int) -> None:
    """Write dataset.json: the names of the labels, which labels answer each prompt, and the data's seed."""
    prompts = {name: [LABELS.index(label) for label in labels] for name, labels in PROMPTS.items()}
    (folder / "dataset.json").write_text(json.dumps({"labels": LABELS, "prompts": prompts, "seed": seed}) + "\n")


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mtime = len(content), _EPOCH
    archive.addfile(member, io.BytesIO(content))


def main() -> None:
    """Read the command line and write the shards."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--pictures", type=int, default=8000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shard-size", type=int, default=500, help="pictures a shard")
    options = parser.parse_args()
    write(options.out, pictures=options.pictures, seed=options.seed, shard_size=options.shard_size)


if __name__ == "__main__":
    main()
