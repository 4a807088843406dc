"""What is seen of a fine-tune while it learns: looks, the strip, the best, and that a run which was interrupted saw the same."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from tensorboardX.proto.event_pb2 import Event

from atelier_training.engine.checkpoint import FILE
from atelier_training.engine.interruption import InterruptedJobError, Interruption
from atelier_training.engine.looks import TrainingLook, TrainingLooks
from atelier_training.engine.processes import Processes
from atelier_training.fine_tune_job import FineTuneJob
from atelier_training.jobs.fine_tune import fine_tune
from atelier_training.paths import MlPaths
from atelier_training.validation import judge
from contracts.artifact import ADAPTER_WEIGHTS, VALIDATION_LOG, VALIDATION_STRIP, StyleManifest
from contracts.layout import STRIP, VALIDATION
from imaging.sheet import CELL, GAP
from tests.unit.test_training_finetune import same_weights
from tests.unit.training_root import PROMPT, write_dataset, write_masking, write_training


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def job(root: Path, *, pictures: int = 6, **settings: Any) -> MlPaths:
    """Six pictures, of which one is set aside, and a look every two steps, unless ``settings`` say otherwise."""
    paths = write_training(root, **{"max_steps": "6", "validation_steps": "2", **settings})
    write_dataset(paths.channel("dataset"), pictures)
    if settings.get("task", "inpaint") == "inpaint":
        write_masking(paths.channel("masks"), pictures)
    return paths


def train(paths: MlPaths, interruption: Interruption | None = None) -> None:
    settings = paths.read_hyperparameters(FineTuneJob)
    fine_tune(settings, paths, Processes(device=torch.device("cpu")), interruption or Interruption())


def looks(paths: MlPaths) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (paths.model / VALIDATION_LOG).read_text().splitlines()]


def test_a_look_measures_loss_and_garment_and_the_strip_shows_what_was_painted(tmp_path: Path) -> None:
    paths = job(tmp_path, validation_prompt="a {red|blue} skirt")
    train(paths)
    seen = looks(paths)
    assert [look["step"] for look in seen] == [2, 4, 6]
    assert all(look["loss"] > 0 and look["garment_share"] >= 0 for look in seen)
    assert sum(look["best"] for look in seen) == 1
    with Image.open(paths.checkpoints / VALIDATION / STRIP) as strip:
        assert (strip.width - GAP) / (CELL + GAP) == 4, "two pictures, and a prompt's two readings"
    assert (paths.model / VALIDATION_STRIP).read_bytes() == (paths.checkpoints / VALIDATION / STRIP).read_bytes()
    assert b"TrainedAlgorithmicMedia" in (paths.model / VALIDATION_STRIP).read_bytes(), "it says that it is painted"
    files = StyleManifest.load(paths.model).files
    assert VALIDATION_LOG in files
    assert VALIDATION_STRIP not in files, "nobody publishes pictures of the dataset with a style"


def test_what_is_set_aside_is_not_learnt_from(tmp_path: Path) -> None:
    paths = job(tmp_path, pictures_set_aside="2", epochs="2", max_steps="None")
    train(paths)
    configuration = json.loads((paths.model / "training_config.json").read_text())
    assert len(configuration["set_aside"]) == 2
    assert not {*configuration["set_aside"]} & {*configuration["pictures"]}
    assert configuration["total_steps"] == 4, "two epochs of four pictures in batches of two"
    assert len(list((paths.checkpoints / "views").glob("validation-*/*.safetensors"))) == 2


def test_a_training_keeps_the_pictures_that_it_needs(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    paths = job(tmp_path, pictures=5, pictures_set_aside="4", num_validation_images="3")
    train(paths)
    assert "1 of 5 pictures are set aside, because 4 are learnt from" in caplog.text
    assert len(json.loads((paths.model / "training_config.json").read_text())["pictures"]) == 4


def test_looks_change_nothing_of_what_is_learnt(tmp_path: Path) -> None:
    """The best look's weights are those that the training had at that step, whether anybody looked or not."""
    watched = job(tmp_path / "watched", pictures_set_aside="0", lora_dropout="0.3")
    train(watched)
    (best,) = (look["step"] for look in looks(watched) if look["best"])
    alone = job(tmp_path / "alone", pictures_set_aside="0", lora_dropout="0.3", max_steps=str(best))
    alone.hyperparameters.write_text(
        json.dumps({**json.loads(alone.hyperparameters.read_text()), "validation_steps": "None"})
    )
    train(alone)
    assert same_weights(watched.model / ADAPTER_WEIGHTS, alone.model / ADAPTER_WEIGHTS)


def scripted(monkeypatch: pytest.MonkeyPatch, shares: list[float]) -> None:
    """Have looks see these shares of the garment, in turn."""
    monkeypatch.setattr(judge.FineTuneJudge, "_share", lambda own, _pictures: shares.pop(0))


def test_the_artifact_is_of_the_best_look_and_not_of_the_last_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted(monkeypatch, [0.9, 0.5, 0.4])
    paths = job(tmp_path / "best")
    train(paths)
    assert [look["best"] for look in looks(paths)] == [True, False, False]
    scripted(monkeypatch, [0.9])
    short = job(tmp_path / "short", max_steps="2")
    train(short)
    assert same_weights(paths.model / ADAPTER_WEIGHTS, short.model / ADAPTER_WEIGHTS)


def test_a_training_ends_when_looks_show_nothing_better(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scripted(monkeypatch, [0.5, 0.9, 0.4, 0.4, 0.4])
    paths = job(tmp_path, max_steps="40", early_stopping_patience="2")
    train(paths)
    assert [look["step"] for look in looks(paths)] == [2, 4, 6, 8]
    train(paths)  # a job that is started again after its end does no step more
    assert torch.load(paths.checkpoints / FILE, weights_only=True)["step"] == 8


@pytest.mark.parametrize(
    ("seen", "best"),
    [
        ([(0.5, 0.3), (0.6, 0.4), (0.3, 0.1)], 2),  # more of the garment, whatever the loss
        ([(0.90, 0.3), (0.91, 0.4), (0.89, 0.2)], 3),  # as much of it: the smaller loss
        ([(0.90, 0.1), (0.919, 0.4), (0.935, 0.3)], 3),  # what has fallen behind the most is no longer as good
        ([(None, 0.3), (None, 0.2), (None, 0.25)], 2),
        ([(0.5, None), (0.7, None), (0.7, None)], 2),
        ([(None, None), (None, None)], 2),
    ],
)
def test_which_look_is_the_best(seen: list[tuple[float | None, float | None]], best: int) -> None:
    found = TrainingLooks()
    for number, (share, loss) in enumerate(seen, start=1):
        found.add(TrainingLook(step=number, loss=loss, garment_share=share))
    assert found.best == best
    assert found.in_vain == len(seen) - best


class AskedWhilePainting(Interruption):
    """SIGTERM, as if it had come while a look paints; counted in denoising steps."""

    def __init__(self, left: int) -> None:
        self._left = left
        self.requested = False

    def check(self, what: str) -> None:
        if what.startswith("painting"):
            self._left -= 1
            self.requested = self.requested or self._left == 0
        super().check(what)


def test_a_look_that_is_interrupted_is_taken_again(tmp_path: Path) -> None:
    whole, parts = job(tmp_path / "whole"), job(tmp_path / "parts")
    train(whole)
    with pytest.raises(InterruptedJobError, match="after step 4"):
        train(parts, AskedWhilePainting(5))
    kept = torch.load(parts.checkpoints / FILE, weights_only=True)
    assert (kept["step"], [look["step"] for look in kept["looks"]]) == (4, [2])
    train(parts)
    assert looks(parts) == looks(whole)
    assert same_weights(parts.model / ADAPTER_WEIGHTS, whole.model / ADAPTER_WEIGHTS)
    assert (parts.model / VALIDATION_STRIP).read_bytes() == (whole.model / VALIDATION_STRIP).read_bytes()


@pytest.mark.parametrize(("family", "method"), [("sd1", "full"), ("sd2", "lora"), ("sdxl", "lora")])
@pytest.mark.parametrize("task", ["inpaint", "text-to-image"])
def test_every_family_is_looked_at(tmp_path: Path, family: str, method: str, task: str) -> None:
    channels = 9 if task == "inpaint" else 4
    words: dict[str, Any] = {"target": ""} if task == "text-to-image" else {}
    paths = job(tmp_path, channels=channels, family=family, method=method, task=task, max_steps="2", **words)
    train(paths)
    (look,) = looks(paths)
    assert look["best"]
    assert look["garment_share"] is not None


def test_a_trained_text_encoder_paints_as_it_has_learnt(tmp_path: Path) -> None:
    paths = job(tmp_path, train_text_encoder="True", max_steps="2")
    train(paths)
    assert len(looks(paths)) == 1


def test_without_pictures_to_paint_a_look_is_its_loss(tmp_path: Path) -> None:
    paths = job(tmp_path, num_validation_images="0")
    train(paths)
    assert all(look["garment_share"] is None for look in looks(paths))
    assert not (paths.checkpoints / VALIDATION).exists()
    assert not (paths.model / VALIDATION_STRIP).exists()


@pytest.mark.parametrize("family", ["sd1", "sdxl"])
@pytest.mark.parametrize(("method", "text"), [("full", "False"), ("full", "True"), ("lora", "True")])
def test_weights_that_are_half_and_single_paint_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, family: str, method: str, text: str
) -> None:
    """As on a GPU: what is frozen in half precision, what is trained in single."""
    monkeypatch.setattr("atelier_training.jobs.fine_tune.compute_dtype", lambda *_: torch.bfloat16)
    monkeypatch.setattr("atelier_training.engine.run.compute_dtype", lambda *_: torch.bfloat16)
    paths = job(tmp_path, family=family, method=method, train_text_encoder=text, max_steps="2")
    train(paths)
    assert len(looks(paths)) == 1


def events(paths: MlPaths) -> list[tuple[int, str]]:
    """Step and name of all that TensorBoard is told: records of a length, a checksum, an event, a checksum."""
    found = list[tuple[int, str]]()
    for file in sorted(paths.tensorboard.iterdir()):
        data, at = file.read_bytes(), 0
        while at < len(data):
            size = int.from_bytes(data[at : at + 8], "little")
            event = Event.FromString(data[at + 12 : at + 12 + size])
            at += size + 16
            found += [(event.step, value.tag) for value in event.summary.value]
            found += [(event.step, "begin")] if event.HasField("session_log") else []
    return found


def test_tensorboard_is_told_of_steps_and_looks(tmp_path: Path) -> None:
    paths = job(tmp_path, max_steps="4", validation_steps="4")
    train(paths)
    names = ("validation/loss", "validation/garment_share", "validation/best_step", "validation/painted")
    told = [each for each in events(paths) if each[1] != "begin"]
    assert told == [
        *((step, name) for step in range(1, 5) for name in ("train/loss", "train/learning_rate")),
        *((4, name) for name in names),
    ]


def test_tensorboard_is_told_from_which_step_a_training_goes_on(tmp_path: Path) -> None:
    paths = job(tmp_path)
    with pytest.raises(InterruptedJobError):
        train(paths, AskedWhilePainting(5))
    first = len(events(paths))
    train(paths)
    assert (4, "begin") in events(paths)[first:], "the look of step 4, which it had not taken"


def test_nobody_looks_by_default(tmp_path: Path) -> None:
    assert FineTuneJob.from_strings(
        {"style": "s", "execution": "e", "task": "inpaint", "method": "lora", "instance_prompt": PROMPT}
        | {"dataset_sha256": "0" * 64, "early_stopping_patience": "2"}
    ).ignored() == ["early_stopping_patience, because validation_steps is left out"]
