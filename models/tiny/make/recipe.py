"""Makes the tiny weights from nothing: exact commands and seeds, run one after another.

    PYTHONPATH=.:training python -m models.tiny.make.recipe --work FOLDER [--processes N]

A command that is done is not run again, and a training that was stopped resumes where it was, if the recipe is given again.
Weights are copied into models/tiny/weights/; the model cards there name the same commands. `--processes` splits each training's
batches over as many processes, which learn what one does but for rounding. `--toy` runs every command at
toy size in seconds, which checks the recipe and makes weights that load, into FOLDER/weights.
"""

import argparse
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

WEIGHTS = Path(__file__).parents[1] / "weights"

_TRAIN = "atelier_training.learners"
_TOY_TRAINING = "--steps 1 --batch 2"
_SHIPPED = {".json", ".txt", ".safetensors"}


@dataclass(frozen=True, kw_only=True)
class Step:
    """One command: its module and arguments, in which `{work}` stands for the working folder.

    `installs` names the shipped model that its export becomes, `toy` holds arguments that override others at toy size.
    """

    name: str
    module: str
    arguments: str
    toy: str = _TOY_TRAINING
    installs: str = ""

    def words(self, work: Path, *, toy: bool = False) -> list[str]:
        """Return the module and its arguments."""
        given = f"{self.arguments} {self.toy}" if toy else self.arguments
        return [self.module, *(word.format(work=work) for word in given.split())]

    def written(self) -> str:
        """Return the command as model cards name it."""
        return f"python -m {' '.join(self.words(Path('WORK')))}"


STEPS = (
    Step(
        name="data",
        module="models.tiny.make.shards",
        arguments="--out {work}/train --pictures 10000 --seed 1",
        toy="--pictures 8 --shard-size 4",
    ),
    Step(name="tokenizer", module="models.tiny.make.tokenizer", arguments="{work}/tokenizer", toy=""),
    Step(
        name="vae",
        module=f"{_TRAIN}.vae",
        arguments="--data {work}/train --out {work}/vae --steps 1600 --learning-rate 2e-3 --precision bf16 --seed 0",
    ),
    Step(
        name="unet",
        module=f"{_TRAIN}.unet",
        arguments="--data {work}/train --vae {work}/vae/export --tokenizer {work}/tokenizer --out {work}/unet "
        "--steps 7000 --learning-rate 1.5e-3 --precision bf16 --seed 0 --text-share 0.3",
    ),
    Step(
        name="unet_figures",
        module=f"{_TRAIN}.unet",
        arguments="--data {work}/train --vae {work}/vae/export --tokenizer {work}/tokenizer --start {work}/unet/export "
        "--out {work}/unet_figures --steps 7000 --batch 64 --learning-rate 1.5e-3 --precision bf16 --seed 1 --text-share 0.65",
        installs="inpaint",
    ),
    Step(
        name="segmenter",
        module=f"{_TRAIN}.segmenter",
        arguments="--data {work}/train --tokenizer {work}/tokenizer --out {work}/segmenter "
        "--vision-steps 1300 --steps 2200 --seed 0",
        toy=f"{_TOY_TRAINING} --vision-steps 2",
    ),
    Step(
        name="segmenter_longer",
        module=f"{_TRAIN}.segmenter",
        arguments="--data {work}/train --tokenizer {work}/tokenizer --start {work}/segmenter/export --out {work}/segmenter_longer "
        "--vision-steps 0 --steps 2200 --seed 1",
        installs="clipseg",
    ),
    Step(
        name="upscaler",
        module=f"{_TRAIN}.upscaler",
        arguments="--data {work}/train --tokenizer {work}/tokenizer --out {work}/upscaler --steps 2000 --precision bf16",
        installs="upscaler",
    ),
)


def run(work: Path, weights: Path, *, toy: bool, launch: Callable[[list[str]], None]) -> None:
    """Run every step that is not done, and install what the trainings exported; `launch` runs a module with arguments."""
    for number, step in enumerate(STEPS, start=1):
        words = step.words(work, toy=toy)
        print(f"[{number}/{len(STEPS)}] {' '.join(words)}", flush=True)
        done = work / "done" / step.name
        if done.is_file() and done.read_text() == " ".join(words):
            continue
        launch(words)
        done.parent.mkdir(parents=True, exist_ok=True)
        done.write_text(" ".join(words))
    for step in STEPS:
        if step.installs:
            install(work / step.name / "export", weights / step.installs)


def install(export: Path, folder: Path) -> None:
    """Replace a shipped model's files by exported ones; its model card stays. Raises FileNotFoundError where nothing was exported."""
    if not export.is_dir():
        raise FileNotFoundError(f"{export}: nothing was exported there")
    for old in folder.rglob("*"):
        if old.suffix in _SHIPPED:
            old.unlink()
    for path in export.rglob("*"):
        if path.suffix in _SHIPPED:
            target = folder / path.relative_to(export)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)


def command(words: list[str], processes: int) -> list[str]:
    """Return the command line that runs a module by this interpreter, a training's in `processes` processes under torchrun."""
    if processes == 1 or not words[0].startswith(_TRAIN):
        return [sys.executable, "-m", *words]
    together = ("torch.distributed.run", "--standalone", "--nproc-per-node", str(processes), "-m", words[0])
    return [sys.executable, "-m", *together, "--", *words[1:]]  # after the dashes torchrun reads no option as its own


def in_processes(count: int) -> Callable[[list[str]], None]:
    """Return what runs a module as `command` says. It raises CalledProcessError where that fails."""

    def launch(words: list[str]) -> None:
        subprocess.run(command(words, count), check=True)

    return launch


def main() -> None:
    """Read the command line and run the recipe."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder for data and checkpoints, about 1 GB")
    parser.add_argument("--toy", action="store_true", help="every command at toy size")
    parser.add_argument(
        "--processes", type=int, default=1, help="for each training; on this machine, one a core or GPU"
    )
    options = parser.parse_args()
    weights = options.work / "weights" if options.toy else WEIGHTS
    run(options.work, weights, toy=options.toy, launch=in_processes(options.processes))


if __name__ == "__main__":
    main()
