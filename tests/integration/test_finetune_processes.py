"""A fine-tune on several processes: it trains what one process does that gathers as many pictures, and all of them end."""

import argparse
import os
import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from atelier_training.data import latents as batches
from atelier_training.engine import training_log
from atelier_training.engine.interruption import Interruption
from atelier_training.jobs import fine_tune
from atelier_training.paths import MlPaths
from contracts.artifact import ADAPTER_WEIGHTS, TRAINING_LOG, VALIDATION_LOG
from tests.integration.team import Team
from tests.unit.training_root import write_training


def team(paths: MlPaths, processes: int, *, stopped_at: int = 0) -> Team:
    """Processes that run the job together; the second one gets SIGTERM in that step, from 1."""

    def work(rank: int) -> None:
        draw = batches.Batches.draw

        def interrupted(self: batches.Batches, number: int) -> batches.Batch:
            if rank == 1 and number // processes + 1 == stopped_at:
                os.kill(os.getpid(), signal.SIGTERM)
            return draw(self, number)

        batches.Batches.draw = interrupted  # type: ignore[method-assign]  # in a process of its own
        with Interruption() as interruption:
            fine_tune.run(argparse.Namespace(), paths, interruption)

    return Team(work, processes)


def assert_same_training(one: MlPaths, other: MlPaths) -> None:
    """Losses and weights are equal but for the rounding of sums."""
    losses = [[entry.loss for entry in training_log.read(paths.model / TRAINING_LOG)] for paths in (one, other)]
    assert len(losses[0]) == 4
    assert losses[1] == pytest.approx(losses[0], abs=1e-6)
    weights = [load_file(paths.model / ADAPTER_WEIGHTS) for paths in (one, other)]
    assert weights[0].keys() == weights[1].keys()
    assert all(torch.allclose(weights[0][name], weights[1][name], atol=1e-6) for name in weights[0])


def test_two_processes_train_what_one_does_that_accumulates_two_batches(tmp_path: Path) -> None:
    prior: dict[str, Any] = {"num_class_images": "3", "with_prior_preservation": "True"}
    alone = write_training(tmp_path / "alone", gradient_accumulation_steps="2", **prior)
    together = write_training(tmp_path / "together", **prior)
    for paths, processes in ((alone, 1), (together, 2)):
        codes, printed = team(paths, processes).finish()
        assert codes == [0] * processes, printed
    assert_same_training(alone, together)


def test_sigterm_to_one_process_stops_both_and_the_run_goes_on_exactly(tmp_path: Path) -> None:
    whole, parted = write_training(tmp_path / "whole"), write_training(tmp_path / "parted")
    assert team(whole, 2).finish()[0] == [0, 0]
    codes, printed = team(parted, 2, stopped_at=2).finish()
    assert codes == [1, 1]
    assert "after step 2 of 4; the checkpoint is saved" in printed
    codes, printed = team(parted, 2).finish()
    assert codes == [0, 0], printed
    assert_same_training(whole, parted)


def test_one_process_looks_and_all_of_them_end_by_what_it_saw(tmp_path: Path) -> None:
    # So slow a training shows no more of the garment at its second look than at its first.
    looks: dict[str, Any] = {"validation_steps": "2", "early_stopping_patience": "1", "learning_rate": "1e-9"}
    paths = write_training(tmp_path, max_steps="40", **looks)
    codes, printed = team(paths, 2).finish()
    assert codes == [0, 0], printed
    assert len((paths.model / VALIDATION_LOG).read_text().splitlines()) == 2
    assert [entry.step for entry in training_log.read(paths.model / TRAINING_LOG)] == [1, 2, 3, 4]
