"""Pretraining in real processes: together as alone, shared out as copied, stopped and killed as uninterrupted."""

import os
import random
import signal
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
from safetensors.torch import load_file

from atelier_training.data.shards import open_shards
from atelier_training.engine.checkpoint import FILE
from atelier_training.engine.interruption import Interruption
from atelier_training.engine.loop import LOG
from atelier_training.engine.processes import joined
from atelier_training.engine.training_log import read
from atelier_training.learners.pretraining import pretrain
from contracts.pretrain_hyperparameters import PretrainHyperparameters
from tests.integration.pretrain_line import PointLearner, tuned
from tests.integration.team import Team
from tests.unit.pretrain_shards import write_shards


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shards(tmp_path_factory.mktemp("shards"))


def train(learner: PointLearner, data: Path, chosen: PretrainHyperparameters, out: Path) -> None:
    with Interruption() as stop:
        shards = open_shards(str(data))
        pretrain(learner, shards, chosen, out, export=out / "export", interruption=stop, log_every=1)


def team(data: Path, out: Path, size: int, learner: dict[str, Any] | None = None, **chosen: Any) -> Team:
    def work(_rank: int) -> None:
        train(PointLearner(**(learner or {})), data, tuned(**chosen), out)

    return Team(work, size)


def losses(out: Path) -> list[float]:
    return [entry.loss for entry in read(out / LOG)]


def assert_same_run(one: Path, other: Path, *, tolerance: float) -> None:
    assert len(losses(one)) == len(losses(other))
    assert losses(other) == pytest.approx(losses(one), abs=tolerance)
    weights = [load_file(out / "export" / "model.safetensors") for out in (one, other)]
    assert weights[0].keys() == weights[1].keys()
    assert all(torch.allclose(weights[0][name], weights[1][name], atol=10 * tolerance) for name in weights[0])


@pytest.fixture(scope="module")
def alone(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An uninterrupted run in one process."""
    out = tmp_path_factory.mktemp("alone")
    codes, printed = team(data, out, 1).finish()
    assert codes == [0], printed
    return out


@pytest.fixture(scope="module")
def pair(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An uninterrupted run in two processes."""
    out = tmp_path_factory.mktemp("pair")
    codes, printed = team(data, out, 2).finish()
    assert codes == [0, 0], printed
    assert len([line for line in printed.splitlines() if line.startswith("step=")]) == 12
    return out


def test_two_processes_train_what_one_does(alone: Path, pair: Path) -> None:
    assert_same_run(alone, pair, tolerance=1e-6)


def test_processes_that_share_the_weights_out_train_what_one_does(data: Path, alone: Path, tmp_path: Path) -> None:
    codes, printed = team(data, tmp_path, 2, sharding="fsdp").finish()
    assert codes == [0, 0], printed
    assert_same_run(alone, tmp_path, tolerance=1e-6)


def test_processes_can_train_one_thing_after_another(data: Path, alone: Path, tmp_path: Path) -> None:
    """In one group: who joined a second time would find the first group's addresses in the store that torchrun keeps."""

    def work(_rank: int) -> None:
        with joined():
            group = dist.group.WORLD
            for name in ("first", "second"):
                train(PointLearner(), data, tuned(), tmp_path / name)
                assert dist.group.WORLD is group
        assert not dist.is_initialized()

    codes, printed = Team(work, 2).finish()
    assert codes == [0, 0], printed
    for name in ("first", "second"):
        assert_same_run(alone, tmp_path / name, tolerance=1e-6)


@pytest.mark.parametrize(("sharding", "then"), [("ddp", 2), ("fsdp", 1)])
def test_sigterm_to_one_process_stops_all_at_the_same_step_and_the_run_goes_on_exactly(
    data: Path, alone: Path, tmp_path: Path, sharding: str, then: int
) -> None:
    def stop_second(batch: int) -> None:
        if batch == 6 and os.environ["RANK"] == "1":
            os.kill(os.getpid(), signal.SIGTERM)

    codes, printed = team(data, tmp_path, 2, {"before": stop_second}, sharding=sharding).finish()
    assert codes == [1, 1]
    assert "InterruptedJobError: stopped by SIGTERM while training, after step 7 of 12" in printed
    assert torch.load(tmp_path / FILE, weights_only=True)["step"] == 7
    codes, printed = team(data, tmp_path, then, sharding=sharding).finish()
    assert codes == [0] * then, printed
    assert "from step 7" in printed
    assert_same_run(alone, tmp_path, tolerance=1e-6)


def test_a_loss_that_is_no_number_in_one_process_stops_all_and_names_the_sample(data: Path, tmp_path: Path) -> None:
    key = "00001-00002"
    codes, printed = team(data, tmp_path, 2, {"poisoned": key}).finish()
    assert codes == [1, 1]
    assert printed.count(f"NonFiniteLossError: loss at step 1 on {key}") == 2
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize(("size", "whole"), [(1, "alone"), (2, "pair")])
def test_a_killed_run_goes_on_as_if_it_had_not_been(
    data: Path, tmp_path: Path, size: int, whole: str, request: pytest.FixtureRequest
) -> None:
    fatal = random.Random(size).randint(4, 10)

    def kill(batch: int) -> None:
        if batch == fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    codes, _ = team(data, tmp_path, size, {"before": kill}, checkpoint_every=3).finish()
    assert -signal.SIGKILL in codes
    assert 0 not in codes
    (tmp_path / f"{FILE}.partial").write_bytes(b"what a kill while saving leaves")
    codes, printed = team(data, tmp_path, size, checkpoint_every=3).finish()
    assert codes == [0] * size, printed
    assert f"from step {fatal // 3 * 3} on" in printed
    assert_same_run(request.getfixturevalue(whole), tmp_path, tolerance=0)


def test_processes_that_do_not_find_the_same_checkpoint_do_not_start(data: Path, alone: Path, tmp_path: Path) -> None:
    def work(rank: int) -> None:
        train(PointLearner(), data, tuned(), alone if rank == 0 else tmp_path)

    codes, printed = Team(work, 2).finish()
    assert codes == [1, 1]
    assert "those of steps [12, 0], 0 being none" in printed
