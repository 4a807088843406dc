"""The engine on shards: schedule, exact resume, the averaged weights, and losses that are no number."""

import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from atelier_training.data.feed import ShardFeed
from atelier_training.data.sampling import Drawn, draw, keys
from atelier_training.data.shards import ShardFolder, open_shards
from atelier_training.engine.checkpoint import FILE, CheckpointMismatchError, WeightAverage
from atelier_training.engine.interruption import InterruptedJobError, Interruption
from atelier_training.engine.loop import LOG
from atelier_training.engine.processes import Processes
from atelier_training.engine.run import NonFiniteLossError, compute_dtype
from atelier_training.engine.training_log import read
from atelier_training.learners.pretraining import FLOOR, pretrain, rate
from contracts.pretrain_hyperparameters import PretrainHyperparameters
from tests.unit.pretrain_shards import write_shards

TUNED: dict[str, Any] = {
    "steps": 12,
    "batch": 4,
    "learning_rate": 0.1,
    "warmup": 2,
    "checkpoint_every": 5,
    "precision": "fp32",
}
SETTINGS = PretrainHyperparameters(**TUNED)


@dataclass(frozen=True)
class Points:
    keys: tuple[str, ...]
    values: Tensor


class Line:
    """Fits y = 3 x."""

    def __init__(self, *, stop_at: int | None = None, bad_key: str | None = None) -> None:
        torch.manual_seed(0)
        self.module = nn.Linear(1, 1)
        self.seen: list[tuple[str | float, ...]] = []
        self._stop_at, self._bad_key = stop_at, bad_key

    @property
    def trained(self) -> nn.Module:
        return self.module

    def batch(self, drawn: Sequence[Drawn]) -> Points:
        values = torch.tensor([one.rng.normal() for one in drawn])
        self.seen.append((*keys(drawn), *values.tolist()))
        if len(self.seen) == self._stop_at:
            os.kill(os.getpid(), signal.SIGTERM)
        return Points(keys(drawn), values)

    def losses(self, batch: Points) -> Tensor:
        error: Tensor = (self.module(batch.values[:, None])[:, 0] - 3 * batch.values).pow(2)
        poison = [float("nan") if key == self._bad_key else 0.0 for key in batch.keys]
        return error + torch.tensor(poison, device=error.device)

    def export(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        torch.save(self.module.state_dict(), folder / "weights.pt")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> ShardFolder:
    return open_shards(str(write_shards(tmp_path_factory.mktemp("shards"))))


def train(learner: Any, data: ShardFolder, tuned: PretrainHyperparameters, folder: Path) -> None:
    with Interruption() as interruption:
        pretrain(learner, data, tuned, folder, export=folder / "export", interruption=interruption, log_every=4)


def weights(folder: Path) -> dict[str, Tensor]:
    loaded: dict[str, Tensor] = torch.load(folder / "export" / "weights.pt", weights_only=True)
    return loaded


def test_a_stopped_run_resumes_to_the_same_weights_and_batches(data: ShardFolder, tmp_path: Path) -> None:
    whole = Line()
    train(whole, data, SETTINGS, tmp_path / "whole")
    first = Line(stop_at=7)
    with pytest.raises(InterruptedJobError, match="step 7 of 12"):
        train(first, data, SETTINGS, tmp_path / "parts")
    second = Line()
    train(second, data, SETTINGS, tmp_path / "parts")
    assert first.seen + second.seen == whole.seen
    assert all(torch.equal(a, weights(tmp_path / "parts")[n]) for n, a in weights(tmp_path / "whole").items())


def test_a_killed_run_resumes_from_its_last_checkpoint(data: ShardFolder, tmp_path: Path) -> None:
    class Killed(Line):
        def batch(self, drawn: Sequence[Drawn]) -> Points:
            if len(self.seen) == 8:
                raise KeyboardInterrupt
            return super().batch(drawn)

    with pytest.raises(KeyboardInterrupt):
        train(Killed(), data, SETTINGS, tmp_path)
    resumed, whole = Line(), Line()
    train(resumed, data, SETTINGS, tmp_path)
    train(whole, data, SETTINGS, tmp_path / "whole")
    assert resumed.seen == whole.seen[5:]
    assert all(torch.equal(a, weights(tmp_path / "whole")[n]) for n, a in weights(tmp_path).items())


def test_other_settings_do_not_resume_a_checkpoint(data: ShardFolder, tmp_path: Path) -> None:
    train(Line(), data, SETTINGS, tmp_path)
    with pytest.raises(CheckpointMismatchError, match=r"steps: got \{'steps': 12\}; allowed: \{'steps': 20\}"):
        train(Line(), data, PretrainHyperparameters(**{**TUNED, "steps": 20}), tmp_path)


def test_a_loss_that_is_no_number_stops_the_run_and_names_the_sample(data: ShardFolder, tmp_path: Path) -> None:
    bad = draw(data, SETTINGS.seed, range(4))[2].sample.key
    with pytest.raises(NonFiniteLossError, match=rf"step 1 on {bad}: "):
        train(Line(bad_key=bad), data, SETTINGS, tmp_path / "bad")
    assert not (tmp_path / "bad" / FILE).exists()


def test_the_rate_warms_up_holds_and_decays_to_its_floor() -> None:
    tuned = PretrainHyperparameters(steps=1000, learning_rate=0.2, warmup=10, hold=0.5)
    assert rate(tuned, 0) == pytest.approx(0.02)
    assert rate(tuned, 9) == rate(tuned, 500) == pytest.approx(0.2)
    assert rate(tuned, 750) == pytest.approx(0.1)
    assert rate(tuned, 999) == pytest.approx(0.2 * FLOOR)


def test_the_average_follows_fast_at_first_and_then_slowly() -> None:
    parameter = nn.Parameter(torch.zeros(1))
    average = WeightAverage([parameter], decay=0.9)
    with torch.no_grad():
        parameter.fill_(11.0)
    average.update(step=0)
    assert average.values[0].item() == pytest.approx(10.0)
    with torch.no_grad():
        parameter.zero_()
    average.update(step=10_000)
    assert average.values[0].item() == pytest.approx(9.0)


def test_the_export_holds_the_averaged_weights(data: ShardFolder, tmp_path: Path) -> None:
    line = Line()
    train(line, data, SETTINGS, tmp_path)
    state = torch.load(tmp_path / FILE, weights_only=True)
    exported = weights(tmp_path)
    assert [exported["weight"], exported["bias"]] == list(state["average"].values())
    assert exported["weight"] != state["weights"]["weight"]


def test_the_log_of_a_resumed_run_is_the_uninterrupted_ones(data: ShardFolder, tmp_path: Path) -> None:
    train(Line(), data, SETTINGS, tmp_path / "whole")
    with pytest.raises(InterruptedJobError):
        train(Line(stop_at=6), data, SETTINGS, tmp_path / "parts")
    train(Line(), data, SETTINGS, tmp_path / "parts")
    logs = [[(e.step, e.loss, e.lr) for e in read(tmp_path / name / LOG)] for name in ("whole", "parts")]
    assert [entry[0] for entry in logs[0]] == [4, 8, 12]
    assert logs[0] == logs[1]


def test_a_parameter_that_no_loss_uses_is_named(data: ShardFolder, tmp_path: Path) -> None:
    line = Line()
    line.module.register_parameter("idle", nn.Parameter(torch.zeros(1)))
    with pytest.raises(ValueError, match="without a gradient: got idle"):
        train(line, data, SETTINGS, tmp_path)


def test_workers_change_neither_the_batches_nor_their_order(data: ShardFolder) -> None:
    def values(workers: int) -> list[list[float]]:
        processes = Processes(device=torch.device("cpu"), rank=1, world=2)
        feed = ShardFeed(Line().batch, data, SETTINGS, workers)
        return [batch.values.tolist() for batch in feed.batches(processes, first=3)]

    assert values(2) == values(0)
    assert len(values(0)) == 9
    assert len(values(0)[0]) == 2


def test_a_batch_that_processes_cannot_share_equally_is_refused(data: ShardFolder) -> None:
    with pytest.raises(ValueError, match="batch: got 4; allowed: a multiple of 3"):
        ShardFeed(Line().batch, data, SETTINGS).batches(Processes(device=torch.device("cpu"), world=3), first=0)


def test_automatic_precision_on_a_cpu_without_matrix_tiles_is_single(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu = torch.device("cpu")
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True, "amx_bf16": False})
    assert compute_dtype("auto", cpu) is torch.float32
    assert compute_dtype("bf16", cpu) is torch.bfloat16
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": True})
    assert compute_dtype("auto", cpu) is torch.bfloat16
    assert compute_dtype("fp32", cpu) is torch.float32
