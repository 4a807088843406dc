"""How far a run is, told by its states and by what its training job prints: ``step=47/160 loss=0.2396 … eta=100s``.

Where it looks at itself it also prints ``validation step=40/160 validation_loss=… validation_garment_share=… best_step=40``.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from atelier_ops.gateways.aws import passes
from atelier_ops.gateways.logs import LogLine, Logs
from atelier_ops.gateways.workflow import StateEvent
from atelier_ops.observability import logger

TRAINING_LOG = "/aws/sagemaker/TrainingJobs"
"""SageMaker's own group, which the jobs of the whole account share."""

FIRST_HOST = "algo-1"
"""Whose process leads, and alone prints steps: SageMaker's own name, with which it begins the name of the stream behind the job's."""

MOST_LOSSES = 500
"""Points of the curve that are told: as many as a screen shows."""

ADOPTED = "Adopt"
"""What begins the name of the state that looks at a job which an earlier attempt has made (ADR 16)."""

_LOOK = re.compile(r"\bvalidation step=(\d+)/\d+ (.*)\bbest_step=(\d+)\b")
_MEASURED = re.compile(r"\bvalidation_(\w+)=(\d+(?:\.\d+)?)\b")
_STEP = re.compile(r"\bstep=(\d+)/(\d+) loss=(\d+(?:\.\d+)?) .*\beta=(\d+)s\b")


@dataclass(frozen=True, kw_only=True)
class Steps:
    """What a training job has printed: the losses by step, its steps in all, and the seconds left as of ``at`` (since 1970).

    ``looks`` are what was measured by step, ``best`` the step of the best one, 0 before the first.
    """

    losses: Mapping[int, float] = field(default_factory=dict)
    looks: Mapping[int, Mapping[str, float]] = field(default_factory=dict)
    best: int = 0
    total: int = 0
    left: float = 0.0
    at: float = 0.0

    @property
    def done(self) -> int:
        """The newest step; a job that starts again begins before it."""
        return next(reversed(list(self.losses)), 0)

    @property
    def share(self) -> float:
        """How much of the training is done, 0 to 1."""
        return self.done / self.total if self.total else 0.0


def assigned(events: Sequence[StateEvent]) -> dict[str, Any]:
    """The run's variables as they are now."""
    return {name: value for event in events for name, value in event.assigned.items()}


def jobs_done(events: Sequence[StateEvent], jobs: Sequence[Mapping[str, Any]]) -> tuple[int, Mapping[str, Any] | None]:
    """How many of a plan's jobs, in their order, lie behind the run, and the one that runs now; those of which it took up the rest too."""
    entered = [event.state.removeprefix(ADOPTED) for event in events if event.entered and event.kind == "Task"]
    order = [job["state"] for job in jobs]
    begun = max((order.index(state) for state in entered if state in order), default=-1)
    if begun < 0:
        return 0, None
    under_way = entered[-1] == order[begun]
    return begun + (not under_way), jobs[begun] if under_way else None


def read_steps(job: Mapping[str, Any], logs: Logs) -> Steps:
    """What the training job has printed so far; nothing where CloudWatch does not answer now, for none of this is worth an error."""
    try:
        # A tuning job's training jobs are named after it: of those, the newest is read.
        place = f"{job['name']}-" if job["kind"] == "tuning" else f"{job['name']}/{FIRST_HOST}-"
        streams = [each for each in logs.streams(TRAINING_LOG, place) if f"/{FIRST_HOST}-" in each.name]
        if not streams:
            return Steps()
        newest = max(streams, key=lambda stream: stream.last)
        return parse(logs.tail(TRAINING_LOG, newest.name))
    except (ClientError, BotoCoreError) as error:
        if not passes(error):
            raise
        logger.warning("a job's log cannot be read now", exc_info=True)
        return Steps()


def parse(lines: Sequence[LogLine]) -> Steps:
    """The steps among a job's lines. Of a step that was done again, after an interruption, the later line counts."""
    losses, newest = dict[int, float](), None
    looks, best = dict[int, Mapping[str, float]](), 0
    for line in lines:
        if look := _LOOK.search(line.text):
            looks[int(look[1])] = {name: float(value) for name, value in _MEASURED.findall(look[2])}
            best = int(look[3])
        elif found := _STEP.search(line.text):
            newest = line, found
            step = int(found[1])
            losses.pop(step, None)
            losses[step] = float(found[3])
    if newest is None:
        return Steps()
    line, found = newest
    return Steps(losses=losses, looks=looks, best=best, total=int(found[2]), left=float(found[4]), at=line.at)


def curve(steps: Steps) -> list[dict[str, float]]:
    """The losses by step, the last one among them; evenly thinned where there are too many."""
    ordered = sorted(steps.losses.items())
    every = -(-len(ordered) // MOST_LOSSES) or 1
    return [{"step": step, "loss": loss} for step, loss in ordered[::-1][::every][::-1]]


def looks_of(steps: Steps) -> list[dict[str, Any]]:
    """The newest looks by step, as many as there may be points of the curve."""
    seen = sorted(steps.looks.items())[-MOST_LOSSES:]
    names = ("loss", "garment_share")
    return [
        {"step": step, **{name: look.get(name) for name in names}, "best": step == steps.best} for step, look in seen
    ]


def overall(done: int, of: int, share: float) -> float:
    """How much of the run is done, 0 to 1: each job, and all that follows the last, is one part, whatever time it takes."""
    return round((done + share) / (of + 1), 4)
