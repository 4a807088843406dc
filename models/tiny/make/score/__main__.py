"""Scores the shipped weights and prints one JSON line last.

python -m models.tiny.make.score [--quick] [--pictures N] [--only masks,repainting,text_to_image,upscaler,style] [--write]
"""

import argparse
import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from imaging.repaint import Inpainter
from imaging.segmenter import Segmenter
from models.tiny.make.score.cards import MUST, PAGE, WEIGHTS, write_card, write_table
from models.tiny.make.score.enlarging import load_upscaler, score_upscaler
from models.tiny.make.score.masks import score_masks
from models.tiny.make.score.painting import load, score_repainting
from models.tiny.make.score.portraits import score_text_to_image
from models.tiny.make.score.quiet import silence_libraries
from models.tiny.make.score.styles import SkirtPhoto, load_style, score_leak, score_style, skirt_photos, train_style

KEYS = tuple(MUST)

_QUICK = 40
_MOST_PORTRAITS, _MOST_ENLARGED, _MOST_PHOTOS = 240, 60, 14


def style(models: argparse.Namespace) -> dict[str, float]:
    """Score the sample's style three ways: LoRA, every weight, and LoRA with prior preservation; `_base` is before any of them."""
    photos = skirt_photos(min(max(models.pictures // 4, 9), _MOST_PHOTOS))
    scores = _suffixed(_styled(load(models.inpaint), photos), "_base")
    for suffix, method, prior in (("", "lora", False), ("_full", "full", False), ("_prior", "lora", True)):
        with TemporaryDirectory(prefix="atelier-style-") as folder:
            trained = train_style(models.inpaint, Path(folder), method, {"with_prior_preservation": prior})
            painter = load_style(models.inpaint, trained)
        found = _suffixed(_styled(painter, photos) | {"cpu_seconds": trained.cpu_seconds}, suffix)
        print(f"style{suffix}: {rounded(found)}", flush=True)
        scores |= found
    # By themselves the leaks are those of the run that is meant to keep the base's words.
    leaks = ("leak_both", "leak_colour")
    return scores | {f"{name}_lora": scores[name] for name in leaks} | {name: scores[f"{name}_prior"] for name in leaks}


def _styled(painter: Inpainter, photos: Sequence[SkirtPhoto]) -> dict[str, float]:
    return score_style(painter, photos) | score_leak(painter, photos)


def _suffixed(scores: Mapping[str, float], suffix: str) -> dict[str, float]:
    return {f"{name}{suffix}": value for name, value in scores.items()}


MEASURES: Mapping[str, Callable[[argparse.Namespace], dict[str, float]]] = {
    "masks": lambda models: score_masks(models.clipseg, models.pictures),
    "repainting": lambda models: score_repainting(load(models.inpaint), models.pictures),
    "text_to_image": lambda models: score_text_to_image(
        load(models.inpaint), Segmenter.load(models.clipseg), min(models.pictures, _MOST_PORTRAITS)
    ),
    "upscaler": lambda models: score_upscaler(
        load_upscaler(models.upscaler), min(models.pictures // 2, _MOST_ENLARGED)
    ),
    "style": style,
}
"""By name, from the folders of the weights to score, and of how many pictures."""
CARDS = {
    "masks": "clipseg",
    "upscaler": "upscaler",
    "repainting": "inpaint",
    "text_to_image": "inpaint",
    "style": "inpaint",
}


def rounded(scores: Mapping[str, float]) -> dict[str, float]:
    """Return scores as they are printed."""
    return {name: round(value, 4) for name, value in scores.items()}


def main() -> None:
    """Read the command line, score each model, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inpaint", type=Path, default=WEIGHTS / "inpaint")
    parser.add_argument("--clipseg", type=Path, default=WEIGHTS / "clipseg")
    parser.add_argument("--upscaler", type=Path, default=WEIGHTS / "upscaler")
    parser.add_argument("--pictures", type=int, default=300, help="held-out figures for each measure, at most")
    parser.add_argument("--quick", action="store_const", const=_QUICK, dest="pictures", help=f"{_QUICK} figures")
    parser.add_argument("--only", default=",".join(MEASURES), help=f"some of {', '.join(MEASURES)}")
    parser.add_argument(
        "--write", action="store_true", help="put the scores into the model cards and docs/tiny-models.md"
    )
    options = parser.parse_args()
    torch.set_num_threads(1)
    silence_libraries()
    options.inpaint = options.inpaint.resolve()
    scores: dict[str, float] = {}
    for name in options.only.split(","):
        start = time.process_time()
        found = rounded(MEASURES[name](options))
        print(f"{name} ({time.process_time() - start:.0f} CPU-s): {found}", flush=True)
        scores |= found
        if options.write:
            write_card(WEIGHTS / CARDS[name] / "README.md", found)
            write_table(PAGE, WEIGHTS)
    print(json.dumps({name: scores[name] for name in KEYS if name in scores}))


if __name__ == "__main__":
    main()
