"""``training_log.jsonl``: what happened at each step, and the one loss that stands for the run."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path

from contracts.errors import InvalidInputError


@dataclass(frozen=True, kw_only=True)
class LoggedStep:
    """What the log says of one step, counted from 1: mean loss since the last entry, learning rate, seconds of training so far."""

    step: int
    loss: float
    lr: float
    seconds: float


def average_loss(entries: Sequence[LoggedStep]) -> float:
    """The mean loss of the last tenth of the steps, at least one."""
    last = entries[-ceil(len(entries) / 10) :]
    return sum(entry.loss for entry in last) / len(last)


def write(entries: Sequence[LoggedStep], path: Path) -> None:
    """One JSON object a line."""
    path.write_text("".join(json.dumps(asdict(entry)) + "\n" for entry in entries), encoding="utf-8")


def read(path: Path) -> list[LoggedStep]:
    """Read a log back. Raises InvalidInputError where it is missing or empty."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    if not lines:
        raise InvalidInputError(path.name, got="no steps", allowed="the log of a finished training")
    return [LoggedStep(**json.loads(line)) for line in lines]
