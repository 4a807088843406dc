"""One training of a search prints by what it is compared, and leaves nothing that another would stumble over."""

import argparse
import json
import logging
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from atelier_training.engine.checkpoint import FILE
from atelier_training.engine.interruption import Interruption
from atelier_training.fine_tune_job import FineTuneJob
from atelier_training.jobs import fine_tune
from atelier_training.paths import MlPaths
from atelier_training.trials import JOB_NAME
from contracts.artifact import StyleManifest
from imaging import masks
from tests.unit.miniatures import save_segmenter
from tests.unit.training_root import JOB, garment, write_training

OURS: Any = {"_tuning_objective_metric": "garment_share"}
"""What SageMaker itself adds to the hyperparameters of a training that a tuning job makes."""


@pytest.fixture(autouse=True)
def _quiet_machine() -> Iterator[None]:
    torch.set_num_threads(1)
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def shares(paths: MlPaths, name: str, patch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> list[float]:
    """The values of the metric that the training job of this name prints."""
    patch.setenv(JOB_NAME, name)
    caplog.clear()
    caplog.set_level(logging.INFO)
    fine_tune.run(argparse.Namespace(), paths, Interruption())
    return [float(found[1]) for found in re.finditer(r"\bgarment_share=([0-9.]+)", caplog.text)]


def write_photos(folder: Path) -> None:
    (folder / "evaluation/masks").mkdir(parents=True)
    picture, mask = garment(5, (70, 90))
    picture.save(folder / "evaluation/look.png")
    masks.to_image(mask).save(folder / "evaluation/masks/look.png")


def test_a_training_of_a_search_prints_its_metric_once_and_another_of_them_is_not_stopped_by_its_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    paths = write_training(tmp_path, **OURS, max_steps="2")
    write_photos(paths.channel("dataset"))
    save_segmenter(paths.channel("segmenter"))
    (first,) = shares(paths, "search-001", monkeypatch, caplog)
    assert first >= 0
    assert (paths.checkpoints / "trials/search-001" / FILE).read_bytes() == b""
    assert StyleManifest.load(paths.model).hyperparameters["max_steps"] == 2

    paths.hyperparameters.write_text(json.dumps(JOB | OURS | {"max_steps": "2", "learning_rate": "0.5"}))
    assert len(shares(paths, "search-002", monkeypatch, caplog)) == 1


def test_one_that_paints_from_words_needs_no_segmenter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    paths = write_training(tmp_path, channels=4, task="text-to-image", target="", max_steps="1", **OURS)
    assert len(shares(paths, "search-001", monkeypatch, caplog)) == 1


def test_a_training_that_nobody_compares_paints_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    paths = write_training(tmp_path, max_steps="1")
    assert shares(paths, "train", monkeypatch, caplog) == []
    assert (paths.checkpoints / FILE).stat().st_size
    assert paths.read_hyperparameters(FineTuneJob).objective == ""
