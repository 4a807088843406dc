"""Writes drawn figures as people upload them for pretraining: loose pictures, label maps and a file of captions.

    python -m models.tiny.make.upload --out FOLDER --pictures 500 --seed 1

The folder goes to `datasets/NAME/` of the data bucket; the state machine's first job makes shards of it. `make.shards`
writes shards at once, for a training on this machine.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from PIL import Image

from models.tiny.make.figures import draw
from models.tiny.make.shards import describe, write_vocabulary
from models.tiny.make.wardrobe import random_outfit


def write(folder: Path, *, pictures: int, seed: int, side: int = 192) -> None:
    """Write `pictures/`, `labels/`, captions.jsonl and dataset.json; a picture depends on the seed and its number alone."""
    for part in ("pictures", "labels"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    write_vocabulary(folder, seed)
    with (folder / "captions.jsonl").open("w", encoding="utf-8") as captions:
        for number in range(pictures):
            rng = np.random.default_rng((seed, number))
            drawing = draw(random_outfit(rng), rng, (side, side))
            key = f"{number:06}"
            drawing.image.save(folder / "pictures" / f"{key}.png")
            Image.fromarray(drawing.labels).save(folder / "labels" / f"{key}.png")
            captions.write(json.dumps({"key": key, **describe(drawing, rng)}) + "\n")


def main() -> None:
    """Read the command line and write the folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--pictures", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--side", type=int, default=192, help="pixels")
    options = parser.parse_args()
    write(options.out, pictures=options.pictures, seed=options.seed, side=options.side)


if __name__ == "__main__":
    main()
