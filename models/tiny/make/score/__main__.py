"""Scores the shipped weights and prints one JSON line last.

python -m models.tiny.make.score [--inpaint FOLDER] [--clipseg FOLDER] [--pictures N]
"""

import argparse
import json
from pathlib import Path

import torch

from imaging.segmenter import Segmenter
from models.tiny.make.score.masks import score_masks
from models.tiny.make.score.painting import load, score_repainting, score_text_to_image

WEIGHTS = Path(__file__).parents[2] / "weights"


def main() -> None:
    """Read the command line, score each model, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inpaint", type=Path, default=WEIGHTS / "inpaint")
    parser.add_argument("--clipseg", type=Path, default=WEIGHTS / "clipseg")
    parser.add_argument("--pictures", type=int, default=300, help="held-out figures for each measure")
    options = parser.parse_args()
    torch.set_num_threads(1)
    pipeline = load(options.inpaint)
    scores = score_masks(options.clipseg, options.pictures)
    print(f"masks: {scores}", flush=True)
    scores |= score_repainting(pipeline, options.pictures)
    print(f"repainting: {scores}", flush=True)
    scores |= score_text_to_image(pipeline, Segmenter.load(options.clipseg), options.pictures // 3)
    print(json.dumps({name: round(value, 4) for name, value in scores.items()}))


if __name__ == "__main__":
    main()
