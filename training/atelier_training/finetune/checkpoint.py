"""Checkpoints that continue a training exactly: weights, optimizer, schedule, random states and history."""

import logging
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from accelerate.utils import gather_object

from atelier_training.engine.training_log import Entry
from atelier_training.finetune.loop import FineTune
from contracts.errors import InvalidInputError
from diffusion.trained_model import trainable

STATE = "state.pt"
UNFINISHED = ".unfinished"
KEPT = 2
"""The newest one may be on its way to S3 when the machine goes."""

log = logging.getLogger(__name__)


def save(training: FineTune, folder: Path, fingerprint: str) -> None:
    """Write ``step-000100/state.pt`` below ``folder``; it appears whole or not at all. All processes must call it."""
    states = gather_object([_random_states()])
    if training.accelerator.is_main_process:
        place = folder / f"step-{training.step:06d}"
        unfinished = place.with_name(place.name + UNFINISHED)
        unfinished.mkdir(parents=True, exist_ok=True)
        torch.save(_state(training, fingerprint, states), unfinished / STATE)
        shutil.rmtree(place, ignore_errors=True)
        unfinished.rename(place)
        _forget_old(folder)
        log.info("checkpoint=%s", place.name)
    training.accelerator.wait_for_everyone()


def resume(training: FineTune, folder: Path, fingerprint: str) -> bool:
    """Continue from the newest checkpoint; whether there was one. Raises InvalidInputError for one of another training."""
    finished = _finished(folder)
    if not finished:
        return False
    state: dict[str, Any] = torch.load(finished[-1] / STATE, map_location="cpu", weights_only=True)
    if state["fingerprint"] != fingerprint:
        got = f"one of another training ({state['fingerprint'][:12]})"
        raise InvalidInputError(f"checkpoint {finished[-1].name}", got=got, allowed=f"this one's ({fingerprint[:12]})")
    _restore(training, state)
    log.info("resumed=%s", finished[-1].name)
    return True


def _state(training: FineTune, fingerprint: str, random_states: list[dict[str, Any]]) -> dict[str, Any]:
    learner = training.accelerator.unwrap_model(training.learner)
    scaler = training.accelerator.scaler
    return {
        "fingerprint": fingerprint,
        "weights": {name: parameter.detach().cpu() for name, parameter in trainable(learner).items()},
        "optimizer": training.optimizer.state_dict(),
        "schedule": training.schedule.state_dict(),
        "scaler": scaler.state_dict() if scaler is not None else None,
        "random": random_states,
        "history": [asdict(entry) for entry in training.history],
    }


def _restore(training: FineTune, state: dict[str, Any]) -> None:
    parameters = trainable(training.accelerator.unwrap_model(training.learner))
    with torch.no_grad():
        for name, weight in state["weights"].items():
            parameters[name].copy_(weight)
    training.optimizer.load_state_dict(state["optimizer"])
    training.schedule.load_state_dict(state["schedule"])
    if training.accelerator.scaler is not None and state["scaler"]:
        training.accelerator.scaler.load_state_dict(state["scaler"])
    training.history[:] = [Entry(**entry) for entry in state["history"]]
    rank = training.accelerator.process_index
    if rank < len(state["random"]):
        _set_random_states(state["random"][rank])


def _random_states() -> dict[str, Any]:
    """Only dropout draws from these; everything else is a function of the step."""
    return {"cpu": torch.get_rng_state(), "cuda": [state.cpu() for state in torch.cuda.get_rng_state_all()]}


def _set_random_states(states: dict[str, Any]) -> None:
    torch.set_rng_state(states["cpu"])
    if states["cuda"] and len(states["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(states["cuda"])


def _finished(folder: Path) -> list[Path]:
    """The complete checkpoints, oldest first."""
    return sorted(
        path for path in folder.glob("step-*") if not path.name.endswith(UNFINISHED) and (path / STATE).is_file()
    )


def _forget_old(folder: Path) -> None:
    for path in _finished(folder)[:-KEPT]:
        shutil.rmtree(path)
