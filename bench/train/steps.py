"""A step of ours, of the plain loop and of nothing but the denoiser, one after the other in this process: A B C A B C.

CPU seconds, on a GPU those of the wall.

The floor is the denoiser's forward and backward pass on fixed inputs. What a training does once for each view (encoding it) is no part of
ours here and of the whole job's time in ``jobs``.
"""

import copy
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from atelier_training.base_files import read_base
from atelier_training.data.enlargements import EnlargementBatch, EnlargementBatches
from atelier_training.data.examples import load_examples
from atelier_training.data.latents import Batch, Batches
from atelier_training.data.pictures import DatasetFolder
from atelier_training.engine.event_files import EventFiles
from atelier_training.engine.interruption import Interruption
from atelier_training.engine.parallel import on_device
from atelier_training.engine.processes import Processes
from atelier_training.engine.run import begin, train_step
from atelier_training.fine_tune_job import FineTuneJob
from atelier_training.jobs.fine_tune import prepare, settings_of
from atelier_training.learners.enlarging import EnlargingLearner
from atelier_training.learners.fine_tune import FineTuneLearner
from atelier_training.paths import MlPaths
from bench.train.reference import PlainTraining

CPU = torch.device("cpu")


class OurTraining:
    """The job's own training, a step at a time; ``steps`` of its batches have been drawn before, so that their views are encoded."""

    def __init__(self, paths: MlPaths, steps: int, processes: Processes | None = None) -> None:
        processes = processes or Processes(device=CPU)
        job = paths.read_hyperparameters(FineTuneJob)
        base = read_base(paths.channel("base"))
        examples = load_examples(
            DatasetFolder.read(paths.channel("dataset")), paths.channel("masks"), job.instance_prompt
        )
        learner, batches, _ = prepare(
            job, base, examples, [], paths, processes, Interruption(), EventFiles(paths.tensorboard)
        )
        assert isinstance(learner, FineTuneLearner | EnlargingLearner)
        assert isinstance(batches, Batches | EnlargementBatches)
        self.trained = learner.trained
        for number in range(steps * job.gradient_accumulation_steps):
            self.batch: Batch | EnlargementBatch = batches.draw(number)
        settings = settings_of(job, base, pictures=len(examples), processes=processes.world)
        self.run = begin(learner, settings, processes)
        self._batches = batches.batches(processes, 0)

    def step(self) -> float:
        """One optimizer step; its loss."""
        return train_step(self.run, self._batches)[0]


class Floor:
    """What no loop can do without, with a copy of our model: the hooks of ours would move weights meanwhile."""

    def __init__(self, ours: OurTraining) -> None:
        self._run, self._trained = ours.run, copy.deepcopy(ours.trained)
        assert isinstance(ours.batch, Batch)
        self._batch = on_device(ours.batch, ours.run.processes.device)

    def step(self) -> None:
        """Forward and backward."""
        batch = self._batch
        self._trained.zero_grad()
        with self._run.autocast():
            predicted = self._trained(
                batch.latents, batch.masks, batch.masked, batch.timesteps, batch.words, batch.frames
            )
        torch.autograd.backward(predicted.float().pow(2).mean())


@dataclass(frozen=True, kw_only=True)
class StepTimes:
    """Seconds of each round."""

    ours: Sequence[float]
    reference: Sequence[float]
    floor: Sequence[float]

    def line(self, name: str) -> dict[str, float]:
        """Medians of the ratios of neighbours, and their spread."""
        over = [b / a for a, b in zip(self.ours, self.reference, strict=True)]
        floor = [a / c for a, c in zip(self.ours, self.floor, strict=True)]
        return {
            f"steps_ratio_{name}": round(statistics.median(over), 3),
            f"steps_ratio_{name}_least": round(min(over), 3),
            f"floor_ratio_{name}": round(statistics.median(floor), 3),
            f"floor_ratio_{name}_most": round(max(floor), 3),
            f"step_seconds_{name}": round(statistics.median(self.ours), 3),
            f"step_seconds_{name}_reference": round(statistics.median(self.reference), 3),
        }


def clock(device: torch.device) -> float:
    """CPU seconds of this process; where a GPU works, wall seconds after all that it was told to do."""
    if device.type != "cuda":
        return time.process_time()
    torch.cuda.synchronize(device)
    return time.perf_counter()


def measure_steps(paths: MlPaths, rounds: int, device: torch.device = CPU) -> StepTimes:
    """``rounds`` of each after one that warms up."""
    ours = OurTraining(paths, rounds + 1, Processes(device=device))
    sides: dict[str, Callable[[], Any]] = {
        "ours": ours.step,
        "reference": PlainTraining(paths, device, ours.run.dtype).step,
        "floor": Floor(ours).step,
    }
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds + 1):
        for name, step in sides.items():
            start = clock(device)
            step()
            seconds[name].append(clock(device) - start)
    return StepTimes(**{name: values[1:] for name, values in seconds.items()})
