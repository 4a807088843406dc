"""Every family as a miniature: two steps by each method in each precision beside the same on a CPU in single, and a picture as served."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from unittest import mock

import numpy as np
import torch
from PIL import Image

from atelier_training.engine.processes import Processes
from atelier_training.jobs import fine_tune
from atelier_training.paths import MlPaths
from bench.gpu.findings import Findings
from bench.train.steps import CPU, OurTraining
from contracts.sampling import Sampling
from diffusion.family import Family, find_family, painting_dtype
from diffusion.painter import Painter
from diffusion.upscaler import Upscaler
from tests.unit.miniatures import RESOLUTION, save_miniature
from tests.unit.training_root import write_enlarging, write_training

FAMILIES = ("sd1", "sd2", "sdxl")
"""Those that paint and can be fine-tuned."""
TASKS = {"inpaint": 9, "text-to-image": 4}
"""And their denoiser's channels."""
METHODS = ("lora", "full")
ENLARGED = {"v_prediction": "latents", "sample": "pictures"}
"""What an upscaler's error is of, by what its denoiser predicts: as the published one does, and as the tiny family's."""
PRECISIONS = ("bf16", "fp16")
MOST_DIFFERENCE = 0.05
"""Of a first loss in half precision from that in single: bf16 has three significant digits."""


@dataclass(frozen=True, kw_only=True)
class SmallJob:
    """What is trained, and how."""

    family: str
    task: str
    method: str

    def __str__(self) -> str:
        return f"{self.family} {self.task} {self.method}"

    def lay_out(self, folder: Path, **more: str) -> MlPaths:
        """A training job of a miniature; ``more`` are hyperparameters."""
        channels, target = TASKS[self.task], "a skirt" if self.task == "inpaint" else ""
        settings = {"task": self.task, "target": target, "method": self.method, "train_text_encoder": "True", **more}
        return write_training(folder, channels=channels, family=self.family, **settings)


@dataclass(frozen=True, kw_only=True)
class EnlargingJob:
    """An upscaler's training: its denoiser's ``prediction``, one of ``ENLARGED``, and the method."""

    prediction: str
    method: str

    def __str__(self) -> str:
        return f"upscaler {ENLARGED[self.prediction]} {self.method}"

    def lay_out(self, folder: Path) -> MlPaths:
        """A training job of a miniature."""
        return write_enlarging(folder, small=True, prediction=self.prediction, method=self.method)


def small_jobs(families: Sequence[str] = FAMILIES) -> list[SmallJob]:
    """Every family, task and method."""
    return [SmallJob(family=f, task=t, method=m) for f, t, m in product(families, TASKS, METHODS)]


def enlarging_jobs() -> list[EnlargingJob]:
    """Of an upscaler, by each method and each kind of error."""
    return [EnlargingJob(prediction=p, method=m) for p, m in product(ENLARGED, METHODS)]


@contextmanager
def computing_in(precision: str) -> Iterator[None]:
    """Let fine-tunes compute in ``fp32``, ``bf16`` or ``fp16`` and not in what the machine is best at."""
    with mock.patch.object(fine_tune, "PRECISION", precision):
        yield


def check_training(
    found: Findings,
    folder: Path,
    device: torch.device,
    jobs: Sequence[SmallJob | EnlargingJob],
    precisions: Sequence[str] = PRECISIONS,
) -> None:
    """Train each job in each precision: finite, near to single precision, and single in what is trained."""
    for number, job in enumerate(jobs):
        paths = job.lay_out(folder / str(number))
        exact, _ = _trained(paths, "fp32", CPU)
        for precision in precisions:
            losses, training = _trained(paths, precision, device)
            difference = abs(losses[0] - exact[0]) / exact[0]
            found.rows.append(
                f"{job!s:<28} {precision}  loss {losses[0]:.4f} (fp32 {exact[0]:.4f}) then {losses[1]:.4f}"
            )
            found.require(bool(np.isfinite(losses).all()), f"{job}, {precision}: losses {losses}")
            found.require(difference < MOST_DIFFERENCE, f"{job}, {precision}: first loss off by {difference:.1%}")
            kinds = {each.dtype for each in training.run.parameters}
            found.require(kinds == {torch.float32}, f"{job}, {precision}: what is trained is {kinds}")
    found.numbers["trained"] = found.numbers.get("trained", 0) + len(jobs) * len(precisions)


def check_optimizers(found: Findings, folder: Path, device: torch.device, names: Sequence[str]) -> None:
    """Train with each of the smaller optimizers: the first two losses of the usual one (the weights have moved once), all finite."""
    expected: list[float] = []
    for name in ("adamw", *names):
        paths = SmallJob(family="sd1", task="inpaint", method="full").lay_out(folder / name, optimizer=name)
        losses, _ = _trained(paths, "fp32", device, steps=4)
        expected = expected or losses
        found.rows.append(f"{name:<18} losses {', '.join(f'{each:.4f}' for each in losses)}")
        off = max(abs(a - b) / b for a, b in zip(losses[:2], expected, strict=False))
        found.require(bool(np.isfinite(losses).all()), f"{name}: losses {losses}")
        found.require(off < MOST_DIFFERENCE, f"{name}: one of the first two losses is off by {off:.1%}")
    found.numbers["optimizers"] = list(names)


def _trained(paths: MlPaths, precision: str, device: torch.device, steps: int = 2) -> tuple[list[float], OurTraining]:
    with computing_in(precision):
        training = OurTraining(paths, steps, Processes(device=device))
    return [training.step() for _ in range(steps)], training


def check_painting(found: Findings, folder: Path, device: torch.device, families: Sequence[str] = FAMILIES) -> None:
    """A picture of each family and task in the precision that serves; what is not finite raises."""
    kinds = [(family, task) for family in families for task in TASKS] + [("upscaler", "upscale")]
    dtype = painting_dtype(str(device))
    for family, task in kinds:
        at = folder / f"{family}-{task}"
        save_miniature(at, family, task=task)
        model = find_family(family, Family).load(at, device=str(device), dtype=dtype, checker=False)
        size = _picture(model).size
        found.rows.append(f"{family:<10} {task:<14} {str(dtype).removeprefix('torch.')}  {size[0]}x{size[1]}")
    found.numbers["painted"] = len(kinds)


def _picture(model: Family) -> Image.Image:
    sampling = Sampling(steps=2, guidance=2.0)
    if isinstance(model, Upscaler):
        small = Image.new("RGB", (RESOLUTION, RESOLUTION), "teal")
        return model.enlarge(pictures=[small], prompts=["a"], seeds=[1], sampling=sampling)[0]
    assert isinstance(model, Painter)
    return model.paint(prompts=["a"], seeds=[1], size=(RESOLUTION, RESOLUTION), sampling=sampling)[0]
