"""What a run does, and when: all of it drawn from a seed, so that the same seed gives the same work and the same faults."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from local.faults import CALLS, DELIVERIES, EVENTS, SNS, Fault
from tests.chaos.messages import Manner

STYLES = ("coat", "robe", "kilt")
MODES = {"segment": 45, "text_to_image": 25, "image_to_image": 20, "style": 10}
AFTERWARDS = {"": 52, "cancel": 12, "race": 6, "delete": 8, "repeat": 14, "bad": 8}
"""What becomes of a prediction besides: canceled some time later or in the moment of its success, deleted, posted several times, or
asked for what is not in the picture."""

DOORS = {"": 70, "model": 8, "deployment": 7, "waiting": 15}
"""By which route a prediction is asked for: our own, Replicate's for models and deployments, or ours with ``Prefer: wait``."""

LISTS = {"predictions": 4, "trainings": 2, "files": 2, "batches": 1, "styles": 1, "base-models": 1}

SHELF_ACTS = {"promote": 4, "rollback": 3, "look": 4, "bring": 2, "delete": 2, "reject": 1, "approve": 1}
"""What people do with versions that no training made."""

CLEARANCE = {"bring": 6, "again": 3, "paint": 6, "promote": 3, "look": 3, "delete": 5, "train": 1}
"""What people do with a style that they delete whole."""

ASKED_AS = {"generations": 4, "edits": 3, "replace": 3}
"""As which route's clients somebody waits for a picture: OpenAI's two, or Stability's."""

TOLD: Mapping[str, int] = {
    **{"": 60, Manner.WELL: 20, Manner.DOWN: 4, Manner.SLOW: 1, Manner.BROKEN: 4, Manner.BUSY: 3},
    **{Manner.CUTTING: 3, Manner.REDIRECTING: 3, Manner.GONE: 1, Manner.DEAD: 1},
}
"""How the receiver is that a client wants to be told at, if it does."""
EVENTS_TOLD = {("output", "completed"): 4, ("start", "completed"): 4, ("start",): 1, ("output",): 1}

CALLED = (
    *("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:DeleteItem"),
    "lambda:InvokeFunction",
    *("s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:DeleteObject"),
    *("sagemaker:InvokeEndpointAsync", "sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages"),
    *("states:StartExecution", "states:DescribeExecution", "states:GetExecutionHistory", "states:SendTaskSuccess"),
)
"""Calls that functions, jobs and model servers make."""

OWN_CALLS = {
    Fault.LOST_ANSWER: ("CreateProcessingJob", "CreateTrainingJob"),
    Fault.THROTTLED: ("CreateProcessingJob", "CreateTrainingJob", "CreateModelPackage", "UpdateModelPackage"),
    Fault.UNSEEN: ("Model", "EndpointConfig"),
}
"""Calls of Step Functions itself, and what SageMaker does not find at once."""

KILLED = {
    ("model server", "KILL"): 2,
    ("model server", "TERM"): 1,
    ("model server", "STOP"): 3,
    ("function", "KILL"): 12,
    ("function", "STOP"): 4,
    ("job", "KILL"): 2,
    ("job", "STOP"): 3,
}
"""Processes and signals, by how often."""

KINDS = {"call": 40, "delivery": 30, "kill": 20, "clock": 4, "disk": 3}
_SDK_ATTEMPTS = 5
_QUIET_SHARE = 0.85
"""No new faults in the end of a run: what they did is still to be seen."""


@dataclass(frozen=True, kw_only=True)
class Amounts:
    """How much of each a run has."""

    predictions: int
    executions: int
    batches: int
    faults: int
    others: int
    restarts: int

    @classmethod
    def of(cls, seconds: float, *, restarts: bool) -> "Amounts":
        """What two cores do in that time."""
        return cls(
            predictions=max(8, round(seconds * 1.3)),
            executions=round(seconds / 20),
            batches=round(seconds / 25),
            faults=max(8, round(seconds * 0.6)),
            others=max(4, round(seconds * 0.3)),
            restarts=round(seconds / 150) if restarts else 0,
        )


@dataclass(frozen=True, kw_only=True)
class Act:
    """Something to do ``at`` so many seconds; ``dice`` decides what only that moment offers, such as which process is killed."""

    at: float
    kind: str
    dice: int
    detail: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.at:7.2f}  {self.kind:<10} {' '.join(f'{name}={value}' for name, value in self.detail.items())}"


def schedule(seed: int, seconds: float, amounts: Amounts) -> list[Act]:
    """The acts of a run, in order."""
    chance = random.Random(seed)
    draws = (
        *((_prediction, 1.0) for _ in range(amounts.predictions)),
        # An execution takes longest, so it begins early.
        *((_training, 0.6) for _ in range(amounts.executions)),
        *((_batch, 0.6) for _ in range(amounts.batches)),
        *((_fault, _QUIET_SHARE) for _ in range(amounts.faults)),
        *((_list, 1.0) for _ in range(amounts.others)),
        *((_upload, 1.0) for _ in range(amounts.others // 2)),
        *((_shelf, 1.0) for _ in range(amounts.others)),
        *((_picture, 1.0) for _ in range(amounts.others // 2)),
        *((_clearance, 1.0) for _ in range(amounts.others)),
        *((_knock, 1.0) for _ in range(amounts.others // 10)),
        *((_restart, _QUIET_SHARE) for _ in range(amounts.restarts)),
        *((_sweep, 1.0) for _ in range(round(seconds / 20))),
    )
    acts = [_drawn(draw, chance, seconds * share) for draw, share in draws]
    return sorted(acts, key=lambda act: act.at)


def _drawn(draw: Any, chance: random.Random, seconds: float) -> Act:
    kind, detail = draw(chance)
    return Act(at=round(chance.uniform(0, seconds), 3), kind=kind, dice=chance.getrandbits(32), detail=detail)


def _weighted(chance: random.Random, weights: Mapping[Any, int]) -> Any:
    return chance.choices(list(weights), list(weights.values()))[0]


def _prediction(chance: random.Random) -> tuple[str, dict[str, Any]]:
    return "predict", {
        "mode": _weighted(chance, MODES),
        "then": _weighted(chance, AFTERWARDS),
        "door": _weighted(chance, DOORS),
        "wait": round(chance.uniform(0, 2.5), 3),
        "seed": chance.getrandbits(16),
        **_telling(chance),
    }


def _batch(chance: random.Random) -> tuple[str, dict[str, Any]]:
    return "batch", {
        "rows": chance.randint(2, 6),
        "concurrency": chance.randint(1, 4),
        "then": _weighted(chance, {"": 4, "cancel": 3, "repeat": 3}),
        "wait": round(chance.uniform(1, 20), 2),
        "told": _weighted(chance, TOLD),
    }


def _list(chance: random.Random) -> tuple[str, dict[str, Any]]:
    return "list", {"what": _weighted(chance, LISTS), "limit": chance.choice((3, 10, 100))}


def _upload(chance: random.Random) -> tuple[str, dict[str, Any]]:
    return "upload", {"then": _weighted(chance, {"": 1, "delete": 1}), "wait": round(chance.uniform(0, 2.5), 3)}


def _picture(chance: random.Random) -> tuple[str, dict[str, Any]]:
    return "picture", {
        "as": _weighted(chance, ASKED_AS),
        "by": chance.choice(("mask", "words", "")),
        "format": chance.choice(("b64_json", "url")),
        "keyed": chance.random() < 0.6,
        "repeat": chance.random() < 0.3,
    }


def _clearance(chance: random.Random) -> tuple[str, dict[str, Any]]:
    return "clearance", {"do": _weighted(chance, CLEARANCE)}


def _knock(chance: random.Random) -> tuple[str, dict[str, Any]]:
    return "knock", {"what": _weighted(chance, LISTS)}


def _shelf(chance: random.Random) -> tuple[str, dict[str, Any]]:
    return "shelf", {"do": _weighted(chance, SHELF_ACTS)}


def _telling(chance: random.Random) -> dict[str, Any]:
    return {"told": _weighted(chance, TOLD), "events": _weighted(chance, EVENTS_TOLD)}


def _training(chance: random.Random) -> tuple[str, dict[str, Any]]:
    return "train", {
        "style": chance.choice(STYLES),
        "task": chance.choice(("inpaint", "text-to-image")),
        "method": _weighted(chance, {"lora": 11, "full": 1}),
        "approval": _weighted(chance, {"auto": 7, "manual": 3}),
        "deploy": _weighted(chance, {"": 9, "none": 1}),
        "then": _weighted(chance, {"": 6, "repeat": 2, "cancel": 2}),
        "wait": round(chance.uniform(1, 30), 2),
        **_telling(chance),
    }


def _fault(chance: random.Random) -> tuple[str, dict[str, Any]]:
    return _FAULTS[_weighted(chance, KINDS)](chance)


def _call(chance: random.Random) -> tuple[str, dict[str, Any]]:
    if chance.random() < 0.15:
        fault = chance.choice(list(OWN_CALLS))
        return "switch", {"fault": fault, "subject": chance.choice(OWN_CALLS[fault]), "times": 1}
    # One call that fails is hidden by the SDK, which tries again; so many are not.
    times = chance.choice((1, 1, _SDK_ATTEMPTS))
    return "switch", {"fault": chance.choice(CALLS), "subject": chance.choice(CALLED), "times": times}


def _delivery(chance: random.Random) -> tuple[str, dict[str, Any]]:
    subject = _weighted(chance, {SNS: 3, EVENTS: 1})
    return "switch", {"fault": chance.choice(DELIVERIES), "subject": subject, "times": 1}


def _kill(chance: random.Random) -> tuple[str, dict[str, Any]]:
    process, signal = _weighted(chance, KILLED)
    # Some functions stand still for longer than they may take.
    longest = 32.0 if process == "function" else 5.0
    return "kill", {"process": process, "signal": signal, "seconds": round(chance.triangular(0.5, longest, 0.5), 2)}


def _clock(chance: random.Random) -> tuple[str, dict[str, Any]]:
    return "clock", {"ahead": chance.choice((-240, -45, 30, 240)), "seconds": round(chance.uniform(3, 15), 2)}


def _disk(chance: random.Random) -> tuple[str, dict[str, Any]]:
    return "disk", {"seconds": round(chance.uniform(1, 4), 2)}


_FAULTS = {"call": _call, "delivery": _delivery, "kill": _kill, "clock": _clock, "disk": _disk}


def _restart(_: random.Random) -> tuple[str, dict[str, Any]]:
    return "restart", {}


def _sweep(_: random.Random) -> tuple[str, dict[str, Any]]:
    return "sweep", {}


def listing(acts: list[Act]) -> Iterator[str]:
    """The schedule as a person reads it."""
    return map(str, acts)
