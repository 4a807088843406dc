"""Writes the contact sheets.

python -m models.tiny.make.sheets [--out FOLDER] [--only inpaint,text-to-image,segmenter,upscaler,dreambooth]
"""

import argparse
from pathlib import Path

import torch

from models.tiny.make.score.quiet import silence_libraries
from models.tiny.make.sheets.pages import PAGES

TINY = Path(__file__).parents[2]


def main() -> None:
    """Read the command line, draw, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=TINY.parents[1] / "docs" / "sheets")
    parser.add_argument("--weights", type=Path, default=TINY / "weights")
    parser.add_argument("--only", default=",".join(PAGES), help=f"some of {', '.join(PAGES)}")
    options = parser.parse_args()
    torch.set_num_threads(1)
    silence_libraries()
    options.out.mkdir(parents=True, exist_ok=True)
    for name in options.only.split(","):
        path = options.out / f"{name}.png"
        PAGES[name](options.weights.resolve()).save(path, optimize=True)
        print(f"{path} ({path.stat().st_size // 1000} kB)", flush=True)


if __name__ == "__main__":
    main()
