"""Gradients that are let go as soon as they have moved their weights: the same lesson, fewer at once, and only where that may be."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from atelier_training.engine import released
from atelier_training.engine.checkpoint import RunState
from atelier_training.engine.interruption import InterruptedJobError, Interruption
from atelier_training.engine.loop import train
from atelier_training.engine.optimizers import adamw_named
from atelier_training.engine.processes import Processes
from atelier_training.engine.released import release
from atelier_training.engine.run import begin, train_step
from atelier_training.engine.settings import Settings
from contracts.hyperparameters import Hyperparameters
from contracts.machine_sizes import size_of
from contracts.training_needs import WAITING_MIB, SizedTraining, shape_of
from contracts.training_table import TABLE

ALONE = Processes(device=torch.device("cpu"))
LAYERS, WIDTH = 6, 32
ONE_MATRIX = 4 * WIDTH * WIDTH


@dataclass(frozen=True)
class Rows:
    keys: tuple[str, ...]
    values: Tensor


class Learner:
    """Several layers that share nothing, and one that is used twice, as tied weights are."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.trained = nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in range(LAYERS))

    def losses(self, batch: Rows) -> Tensor:
        values = batch.values
        for layer in (*self.trained, self.trained[1]):
            values = torch.tanh(layer(values))
        return (values - 1).square().mean(dim=1)

    def export(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        torch.save(self.trained.state_dict(), folder / "weights.pt")


class Rounds:
    """The same rows at the same step; after ``stop_at`` of them somebody interrupts."""

    def __init__(self, interruption: Interruption | None = None, stop_at: int = 0) -> None:
        self._interruption, self._stop_at = interruption, stop_at

    def batches(self, _processes: Processes, first: int) -> Iterator[Rows]:
        number = first
        while True:
            number += 1
            if self._interruption and number == self._stop_at:
                self._interruption.requested = True
            yield Rows(("a", "b"), torch.randn(2, WIDTH, generator=torch.Generator().manual_seed(number)))


SETTINGS = Settings(
    steps=6,
    samples=2,
    rate=lambda _step: 1e-2,
    optimizers=partial(adamw_named, "adamw", betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01),
    clip=0.0,
    ema=0.9,
    accumulation=1,
    precision="fp32",
    sharding="ddp",
    seed=0,
    checkpoint_every=100,
    entry_every=1,
    line_every=100,
    identity={},
)
NEVER_CLIPS = 1e6


def learnt(folder: Path, settings: Settings) -> dict[str, Tensor]:
    train(Learner(), Rounds(), settings, folder, export=folder / "export", interruption=Interruption())
    return read(folder)


def read(folder: Path) -> dict[str, Tensor]:
    weights: dict[str, Tensor] = torch.load(folder / "export" / "weights.pt", weights_only=True)
    return weights


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("waiting", [1, 2 * ONE_MATRIX, 2**25])
def test_the_weights_are_those_of_a_step_that_has_all_gradients(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, waiting: int
) -> None:
    monkeypatch.setattr(released, "MOST_WAITING", waiting)
    plain = learnt(tmp_path / "plain", replace(SETTINGS, clip=NEVER_CLIPS))
    assert same(learnt(tmp_path / "released", SETTINGS), plain)


def test_a_stopped_run_continues_to_the_same_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(released, "MOST_WAITING", 2 * ONE_MATRIX)
    whole = learnt(tmp_path / "whole", SETTINGS)
    stopped, interruption = tmp_path / "stopped", Interruption()
    rounds = Rounds(interruption, stop_at=3)
    with pytest.raises(InterruptedJobError):
        train(Learner(), rounds, SETTINGS, stopped, export=stopped / "export", interruption=interruption)
    assert same(learnt(stopped, SETTINGS), whole)


def test_no_more_gradients_are_there_at_once_than_may_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(released, "MOST_WAITING", 2 * ONE_MATRIX)

    def most(clip: float) -> int:
        learner = Learner()
        run = begin(learner, replace(SETTINGS, clip=clip), ALONE)
        seen: list[int] = []
        for parameter in run.parameters:
            parameter.register_post_accumulate_grad_hook(  # type: ignore[no-untyped-call]
                lambda _: seen.append(sum(p.grad.nbytes for p in run.parameters if p.grad is not None))
            )
        train_step(run, Rounds().batches(ALONE, 0))
        return max(seen)

    assert most(NEVER_CLIPS) == LAYERS * (ONE_MATRIX + 4 * WIDTH)
    assert most(0.0) < 3 * ONE_MATRIX


def test_a_weight_that_no_loss_uses_is_named(tmp_path: Path) -> None:
    learner = Learner()
    learner.trained.register_parameter("idle", nn.Parameter(torch.zeros(1)))
    with pytest.raises(ValueError, match="without a gradient: got idle"):
        train(learner, Rounds(), SETTINGS, tmp_path, export=tmp_path / "export", interruption=Interruption())


@pytest.mark.parametrize(
    ("machine", "tuning", "lets_go"),
    [
        ("ml.g5.xlarge", {}, True),
        ("ml.m5.xlarge", {}, True),
        ("ml.g5.xlarge", {"max_grad_norm": 1.0}, False),
        ("ml.g5.xlarge", {"gradient_accumulation_steps": 2}, False),
        ("ml.g5.xlarge", {"optimizer": "adamw_8bit"}, False),
        ("ml.g5.12xlarge", {}, False),
        ("ml.g4dn.xlarge", {}, False),
    ],
)
def test_what_is_counted_before_a_training_is_what_it_does(machine: str, tuning: dict[str, Any], lets_go: bool) -> None:
    asked = Hyperparameters.model_validate({"max_grad_norm": 0, **tuning})
    size, shape = size_of(machine), shape_of("sd1", 2 * TABLE["sd15-inpaint"]["parameters"]["unet"])
    assert shape is not None
    counted = SizedTraining(shape=shape, method="full", tuning=asked).gradients(size)
    assert counted == (WAITING_MIB * 2**20 if lets_go else 4 * TABLE["sd15-inpaint"]["parameters"]["unet"])
    assert 2**20 * WAITING_MIB == released.MOST_WAITING

    modules = nn.Linear(2, 2)
    settings = replace(
        SETTINGS,
        clip=asked.max_grad_norm,
        accumulation=asked.gradient_accumulation_steps,
        optimizers=partial(adamw_named, asked.optimizer),
    )
    state = RunState(
        modules=modules,
        optimizers=settings.optimizers(modules),
        average=None,
        scaler=torch.amp.GradScaler("cpu", enabled=size.scales_losses),
    )
    processes = Processes(device=torch.device("cpu"), world=max(1, size.gpus))
    assert (release(settings, processes, state) is not None) == lets_go
