"""How long a fine-tuning's run takes and what it costs, before it starts: estimates from counted operations and published speeds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Annotated, Any, ClassVar

from contracts.declarations import about
from contracts.errors import Problem
from contracts.machine_sizes import MachineSize, size_of
from contracts.model import Contract
from contracts.prices import REGION, estimate
from contracts.sampling import Sampling, guided_steps
from contracts.search import Search
from contracts.training_needs import SizedTraining

JOB_START_MINUTES = 4
"""A job's instance starts and loads the image."""
SEGMENT_MINUTES, EVALUATE_MINUTES = 5, 10
CAPTION_TERAFLOP = 0.4
"""Operations (1e12) in which a captioner writes one caption: BLIP's larger model sees a picture by 0.38, counted in tensors without
contents, and its words are little beside that."""
TRIAL_MINUTES = 4
"""In which each training of a search paints the photos that it is judged by: once, where an evaluation paints before and after."""

TRAINING_SHARE = 0.25
"""Of the speed at which a GPU samples is that of a step of a picture or two, without compiled kernels: 1,000 steps of Stable Diffusion 1.5
on ml.g5.2xlarge are reported to take 387 seconds, and an adapter's step is 1.8e12 operations, which are 4.7e12 a second of its 25e12."""
_SURE = 2
"""By how much an estimate may be too long before a training is refused for it."""
SET_ASIDE_OF = 8
"""Of so many pictures one is set aside where looks are taken, unless a training says how many."""
NOISE_LEVELS = 4
"""Of each, that a look measures the loss at."""
MOST_VIEWS = 8
"""Crops and masks of each picture, the same in every epoch; each is encoded twice, once with its garment painted out."""
VIEW_SEEN = 6
"""A short training has fewer views, so that each is seen so often on average: to encode one takes as long as a step.

The tiny family learns as much of a garment from few as from many, within the spread of seeds (docs/adr/0044).
"""
MOST_PARTS = 64
"""Parts of each picture that an upscaler learns from: they are small beside it, and each shows something else."""
PART_SEEN = 4
"""A short training has fewer of them, in the same way."""


class RunEstimate(Contract):
    """What a run is expected to take. Prices are those of one region, on demand but for what a stage runs on spot."""

    document: ClassVar[str] = "estimate"

    minutes: Annotated[float | None, about("from the first job to the end of its last", unit="minutes")] = None
    training_minutes: Annotated[float | None, about("of these its training's, or its search's", unit="minutes")] = None
    dollars: Annotated[float | None, about("of all its jobs, as the stage runs them", unit="US dollars")] = None
    on_demand_dollars: Annotated[float | None, about("of the same, all on demand", unit="US dollars")] = None
    spot_dollars: Annotated[float | None, about("of the same, its training on spot", unit="US dollars")] = None

    def __str__(self) -> str:
        """In a line."""
        if self.minutes is None:
            return f"how long it takes is not known of its machines{self._cost}"
        return f"about {self.minutes:.0f} minutes, {self.training_minutes:.0f} of them training{self._cost}"

    @property
    def _cost(self) -> str:
        if self.dollars is None or self.on_demand_dollars is None or self.spot_dollars is None:
            return "; cost unknown"
        other = f"on demand ${self.on_demand_dollars:.2f}, with spot ${self.spot_dollars:.2f}"
        return f"; about ${self.dollars:.2f} ({other}) at prices of {REGION}"


def views_of(seen: float) -> int:
    """Views of each picture that are learnt from where each picture is ``seen`` so often."""
    return min(max(1, int(seen / VIEW_SEEN)), MOST_VIEWS)


def parts_of(seen: float) -> int:
    """Parts of each picture that an upscaler learns from where each picture is ``seen`` so often."""
    return min(max(1, int(seen / PART_SEEN)), MOST_PARTS)


@dataclass(frozen=True, kw_only=True)
class RunCourse:
    """What a run goes through: what is learnt from how many ``pictures``, how the base model paints the class, and whether a captioner
    writes of each picture."""

    lesson: SizedTraining
    pictures: int
    sampling: Sampling
    captioned: bool = False

    def steps(self, machine: MachineSize) -> int:
        """Optimizer steps: ``max_steps``, else as many as ``epochs`` take with a process on each GPU."""
        tuning = self.lesson.tuning
        each = tuning.batch_size * tuning.gradient_accumulation_steps * max(1, machine.gpus)
        return tuning.max_steps or tuning.epochs * ceil(self.pictures / each)

    def captioning_seconds(self, machine: MachineSize) -> float:
        """Seconds that Segment takes for captions; 0 where the machine's speed is not known."""
        if not self.captioned or machine.teraflops is None:
            return 0.0
        share = TRAINING_SHARE if machine.on_gpu else 1.0
        return self.pictures * CAPTION_TERAFLOP / share / machine.teraflops

    def training_seconds(self, machine: MachineSize) -> float | None:
        """Seconds of the training job once its container runs; None where the machine's speed is not known."""
        if machine.teraflops is None:
            return None
        share = TRAINING_SHARE if machine.on_gpu else 1.0
        trained = self.steps(machine) * self.lesson.teraflop / share
        before = self._encoding(machine) + self._class_pictures
        # One process looks, and the others wait.
        looks = self._look * self._looks(machine) / share
        return (trained + before / max(1, machine.gpus) + looks) / machine.teraflops

    def _encoding(self, machine: MachineSize) -> float:
        """Operations (1e12) of encoding every view and its twin, or of an upscaler's pairs the large parts."""
        row, tuning = self.lesson.shape.row, self.lesson.tuning
        each = float(row["encode_teraflop"]) * self.lesson.shape.scale
        samples = tuning.batch_size * tuning.gradient_accumulation_steps * max(1, machine.gpus)
        seen = self.steps(machine) * samples / max(1, self.pictures)
        if self.lesson.enlarges:
            return parts_of(seen) * self.pictures * each
        painted = tuning.num_class_images if tuning.with_prior_preservation else 0
        return 2 * (views_of(seen) * self.pictures + painted) * each

    @property
    def _class_pictures(self) -> float:
        """Operations (1e12) of painting the class's pictures."""
        if not self.lesson.tuning.with_prior_preservation:
            return 0.0
        return self.lesson.tuning.num_class_images * self._painting

    @property
    def _painting(self) -> float:
        """Operations (1e12) of painting one picture."""
        row, scale = self.lesson.shape.row, self.lesson.shape.scale
        steps = self.sampling.steps + guided_steps(self.sampling.steps, self.sampling.guidance_until)
        return (steps * float(row["denoise_teraflop"]) + float(row["decode_teraflop"])) * scale

    @property
    def _look(self) -> float:
        """Operations (1e12) of one look: what it paints, and its loss."""
        tuning, row = self.lesson.tuning, self.lesson.shape.row
        aside = self.pictures // SET_ASIDE_OF if tuning.pictures_set_aside is None else tuning.pictures_set_aside
        loss = aside * NOISE_LEVELS * float(row["denoise_teraflop"]) * self.lesson.shape.scale
        return tuning.painted_at_a_look * self._painting + loss

    def _looks(self, machine: MachineSize) -> int:
        """How many there are, if none ends the training early."""
        every = self.lesson.tuning.validation_steps
        return ceil(self.steps(machine) / every) if every else 0


def too_long(course: RunCourse, job: Mapping[str, Any]) -> Iterator[Problem]:
    """A training that would not end in the time that its job has, were it twice as fast as is expected."""
    seconds, limit = course.training_seconds(size_of(str(job["instance"]))), job.get("seconds")
    if seconds is None or limit is None or seconds <= _SURE * limit:
        return
    allowed = f"at most {limit / 3600:.1f} hours, the stage's jobs.most_training_seconds: fewer max_steps, or a faster machine"
    yield Problem("time of the training job", f"about {seconds / 3600:.1f} hours on {job['instance']}", allowed)


def captions_too_long(course: RunCourse, job: Mapping[str, Any]) -> Iterator[Problem]:
    """The same of the captions that ``job`` writes beside all else that it does."""
    seconds, limit = course.captioning_seconds(size_of(str(job["instance"]))), job.get("seconds")
    if limit is not None and seconds > _SURE * limit:
        allowed = f"at most {limit / 3600:.1f} hours, the stage's jobs.most_processing_seconds: captions own, or a faster machine"
        yield Problem("time of automatic captions", f"about {seconds / 3600:.1f} hours on {job['instance']}", allowed)


def run_estimate(course: RunCourse, jobs: Mapping[str, Mapping[str, Any]], search: Search | None = None) -> RunEstimate:
    """What a run with these ``jobs`` (``segment``, ``train``, ``evaluate``) is expected to take; with a search, all of its trainings."""
    seconds = course.training_seconds(size_of(str(jobs["train"]["instance"])))
    if seconds is None:
        return RunEstimate()
    each = seconds / 60 + (TRIAL_MINUTES if search else 0)
    trainings, turns = (search.trials, ceil(search.trials / search.parallel)) if search else (1, 1)
    minutes = {
        "segment": SEGMENT_MINUTES
        + course.captioning_seconds(size_of(str(jobs["segment"]["instance"]))) / 60
        + JOB_START_MINUTES,
        "train": turns * (each + JOB_START_MINUTES),
        "evaluate": EVALUATE_MINUTES + JOB_START_MINUTES,
    }
    billed = minutes | {"train": trainings * (each + JOB_START_MINUTES)}
    spot = bool(jobs["train"].get("spot"))
    on_demand, on_spot = (_dollars(jobs, billed, spot=choice) for choice in (False, True))
    return RunEstimate(
        minutes=round(sum(minutes.values()), 1),
        training_minutes=round(turns * each, 1),
        dollars=on_spot if spot else on_demand,
        on_demand_dollars=on_demand,
        spot_dollars=on_spot,
    )


def _dollars(jobs: Mapping[str, Mapping[str, Any]], minutes: Mapping[str, float], *, spot: bool) -> float | None:
    costs = [
        estimate(str(jobs[key]["instance"]), 60 * each, spot=spot and key == "train") for key, each in minutes.items()
    ]
    known = [cost for cost in costs if cost is not None]
    return round(sum(known), 2) if len(known) == len(costs) else None
