"""Makes the tiny weights from nothing: exact hyperparameters and seeds, one training after another.

    PYTHONPATH=.:training python -m models.tiny.make.recipe --work FOLDER [--processes N]

Each training is the job of a pretraining run, `python -m atelier_training pretrain`, with FOLDER/<name> as its ML root; what its
hyperparameters leave out is the contract's default. A step that is done is not run again, and a training that was stopped resumes where it
was, if the recipe is started again. Weights are copied into models/tiny/weights/; the model cards there name the same hyperparameters.
`--processes` splits each training's batches over as many processes, which learn what one does but for rounding. `--toy` runs every step at
toy size in seconds, which checks the recipe and makes weights that load, into FOLDER/weights.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contracts.artifact import to_json
from contracts.layout import MANIFEST
from contracts.pretrain_hyperparameters import PretrainHyperparameters
from models.catalogue import find

WEIGHTS = Path(__file__).parents[1] / "weights"

_SHIPPED = {".json", ".txt", ".safetensors"}
_OF_THE_RUN = {MANIFEST, "pretraining.json"}
"""What a training leaves beside the weights that says how the run went; the model card says it for shipped weights."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """A module to run, with arguments in which `{work}` stands for the working folder; `toy` ones override them at toy size."""

    name: str
    module: str
    arguments: str
    toy: str = ""

    def words(self, work: Path, *, toy: bool = False) -> list[str]:
        """Return the module and its arguments."""
        chosen = f"{self.arguments} {self.toy}" if toy else self.arguments
        return [self.module, *(word.format(work=work) for word in chosen.split())]


@dataclass(frozen=True, kw_only=True)
class PretrainingJob:
    """A pretraining job. `base` says which folders of the working folder make up its base model, by the part that they become: "" is all.

    `installs` names the shipped model that its artifact becomes, `toy` holds hyperparameters that override others at toy size.
    """

    name: str
    tuned: Mapping[str, Any]
    base: Mapping[str, str]
    toy: Mapping[str, Any] = field(default_factory=dict)
    installs: str = ""

    def hyperparameters(self, *, toy: bool = False) -> dict[str, Any]:
        """Return what deviates from the contract's defaults."""
        return {**self.tuned, **({"steps": 1, "batch": 2, **self.toy} if toy else {})}

    def words(self, work: Path, *, toy: bool = False) -> list[str]:
        """Return the module, its argument and what tells this training from others."""
        return ["atelier_training", "pretrain", str(work / self.name), json.dumps(self.hyperparameters(toy=toy))]

    def prepare(self, work: Path, *, toy: bool) -> None:
        """Lay out the job's inputs as SageMaker would. Raises FileNotFoundError where a part of its base model is missing."""
        root = work / self.name
        channels, settings = root / "input" / "data", root / "input" / "config" / "hyperparameters.json"
        shutil.rmtree(root / "input", ignore_errors=True)
        settings.parent.mkdir(parents=True)
        tuned = PretrainHyperparameters.from_json(self.hyperparameters(toy=toy))
        settings.write_text(json.dumps(tuned.to_strings()))
        channels.mkdir()
        (channels / "shards").symlink_to((work / "train").resolve(), target_is_directory=True)
        for part, source in self.base.items():
            ignore = shutil.ignore_patterns(*_OF_THE_RUN)
            shutil.copytree(work / source, channels / "base" / part, dirs_exist_ok=True, ignore=ignore)
        if self.base:
            manifest = find("tiny-inpaint").manifest(channels / "base")
            (channels / "base" / MANIFEST).write_text(to_json(manifest))


_PAINTER = {"model": "unet", "steps": 7000, "learning_rate": 1.5e-3, "precision": "bf16"}
_SEGMENTER = {
    "model": "segmenter",
    "steps": 2200,
    "learning_rate": 1.2e-3,
    "precision": "fp32",
    "optimizer": "muon",
    "hold": 0.05,
}

STEPS: tuple[Command | PretrainingJob, ...] = (
    Command(
        name="data",
        module="models.tiny.make.shards",
        arguments="--out {work}/train --pictures 10000 --seed 1",
        toy="--pictures 8 --shard-size 4",
    ),
    Command(name="tokenizer", module="models.tiny.make.tokenizer", arguments="{work}/tokenizer"),
    PretrainingJob(name="vae", tuned={"model": "vae", "steps": 1600, "precision": "bf16"}, base={}),
    PretrainingJob(
        name="unet",
        tuned={**_PAINTER, "text_share": 0.3},
        base={"vae": "vae/model/vae", "tokenizer": "tokenizer"},
    ),
    PretrainingJob(
        name="unet_figures",
        tuned={**_PAINTER, "batch": 64, "seed": 1, "text_share": 0.65},
        base={"": "unet/model", "vae": "vae/model/vae"},  # the autoencoder in single precision
        installs="inpaint",
    ),
    PretrainingJob(
        name="segmenter",
        tuned={**_SEGMENTER, "vision_steps": 1300, "from_nothing": True},
        base={"": "tokenizer"},
        toy={"vision_steps": 2},
    ),
    PretrainingJob(
        name="segmenter_longer", tuned={**_SEGMENTER, "seed": 1}, base={"": "segmenter/model"}, installs="clipseg"
    ),
    PretrainingJob(
        name="upscaler",
        tuned={
            **{"model": "upscaler", "steps": 2000, "batch": 8, "learning_rate": 2e-3, "precision": "bf16"},
            "from_nothing": True,
        },
        base={"tokenizer": "tokenizer"},
        installs="upscaler",
    ),
)


def run(work: Path, weights: Path, *, toy: bool, launch: Callable[[list[str]], None]) -> None:
    """Run every step that is not done, and install what the trainings made; `launch` runs the words of a step."""
    for number, step in enumerate(STEPS, start=1):
        words = step.words(work, toy=toy)
        print(f"[{number}/{len(STEPS)}] {' '.join(words)}", flush=True)
        done = work / "done" / step.name
        if done.is_file() and done.read_text() == " ".join(words):
            continue
        if isinstance(step, PretrainingJob):
            step.prepare(work, toy=toy)
        launch(words)
        done.parent.mkdir(parents=True, exist_ok=True)
        done.write_text(" ".join(words))
    for step in STEPS:
        if isinstance(step, PretrainingJob) and step.installs:
            install(work / step.name / "model", weights / step.installs)


def install(artifact: Path, folder: Path) -> None:
    """Replace a shipped model's files by an artifact's; its model card stays. Raises FileNotFoundError where there is none."""
    if not artifact.is_dir():
        raise FileNotFoundError(f"{artifact}: no artifact there")
    for old in folder.rglob("*"):
        if old.suffix in _SHIPPED:
            old.unlink()
    for path in artifact.rglob("*"):
        if path.suffix in _SHIPPED and path.name not in _OF_THE_RUN:
            target = folder / path.relative_to(artifact)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)


def command(words: list[str], processes: int) -> list[str]:
    """Return the command line that runs a step by this interpreter, a training in `processes` processes under torchrun."""
    if words[0] != "atelier_training":
        return [sys.executable, "-m", *words]
    torchrun = ["torch.distributed.run", "--standalone", "--nproc-per-node", str(processes), "-m"]
    return [sys.executable, "-m", *(torchrun if processes > 1 else []), *words[:2]]


def environment(words: list[str]) -> dict[str, str]:
    """Return the environment of a step: a training's names its ML root."""
    return {**os.environ, **({"ATELIER_ML_ROOT": words[2]} if words[0] == "atelier_training" else {})}


def main() -> None:
    """Read the command line and run the recipe."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder for data and checkpoints, about 1 GB")
    parser.add_argument("--toy", action="store_true", help="every step at toy size")
    parser.add_argument(
        "--processes", type=int, default=1, help="for each training; on this machine, one a core or GPU"
    )
    options = parser.parse_args()
    weights = options.work / "weights" if options.toy else WEIGHTS

    def launch(words: list[str]) -> None:
        subprocess.run(command(words, options.processes), check=True, env=environment(words))

    run(options.work, weights, toy=options.toy, launch=launch)


if __name__ == "__main__":
    main()
