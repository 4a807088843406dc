"""Makes the tiny weights from nothing: exact commands and seeds, run one after another.

    PYTHONPATH=.:training python -m models.tiny.make.recipe --work FOLDER

It spends about the optimizer steps that the shipped weights took, in one run a model where those were made in several (their
model cards list them); the scores of its weights have not been compared with the cards'. Every training resumes where it
stopped if the command is given again. Weights are copied into models/tiny/weights/.
"""

import argparse
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

WEIGHTS = Path(__file__).parents[1] / "weights"

_TRAIN = "atelier_training.pretrain"
_SHIPPED = {".json", ".txt", ".safetensors"}


@dataclass(frozen=True)
class Step:
    """One command: its module and arguments, in which `{work}` stands for the working folder."""

    module: str
    arguments: str

    def command(self, work: Path) -> list[str]:
        """Return the command's words for this interpreter."""
        return [sys.executable, "-m", self.module, *(word.format(work=work) for word in self.arguments.split())]


STEPS = (
    Step("models.tiny.make.shards", "--out {work}/train --pictures 10000 --seed 1"),
    Step("models.tiny.make.tokenizer", "{work}/tokenizer"),
    Step(f"{_TRAIN}.vae", "--data {work}/train --out {work}/vae --steps 1200"),
    Step(
        f"{_TRAIN}.unet",
        "--data {work}/train --vae {work}/vae/export --tokenizer {work}/tokenizer --out {work}/unet --steps 1800 --precision bf16",
    ),
    Step(
        f"{_TRAIN}.segmenter",
        "--data {work}/train --tokenizer {work}/tokenizer --out {work}/segmenter --steps 1750",
    ),
)


def run(work: Path) -> None:
    """Run every step and install what the last trainings exported."""
    for number, step in enumerate(STEPS, start=1):
        print(f"[{number}/{len(STEPS)}] {step.module} {step.arguments}", flush=True)
        subprocess.run(step.command(work), check=True)
    install(work / "unet" / "export", WEIGHTS / "inpaint")
    install(work / "segmenter" / "export", WEIGHTS / "clipseg")


def install(export: Path, folder: Path) -> None:
    """Replace a shipped model's files by exported ones; its model card stays."""
    for old in folder.rglob("*"):
        if old.suffix in _SHIPPED:
            old.unlink()
    for path in export.rglob("*"):
        if path.suffix in _SHIPPED:
            target = folder / path.relative_to(export)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)


def main() -> None:
    """Read the command line and run the recipe."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder for data and checkpoints, about 1 GB")
    run(parser.parse_args().work)


if __name__ == "__main__":
    main()
