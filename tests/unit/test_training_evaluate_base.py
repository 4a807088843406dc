"""Judging pretrained models: the measures measure what they say, and the report says what was measured."""

import argparse
import dataclasses
import json
import math
import shutil
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler
from PIL import Image
from torch import Tensor

from atelier_training.data.shards import Sample, open_shards
from atelier_training.engine import training_log
from atelier_training.engine.interruption import Interruption
from atelier_training.evaluate_base import denoising, enlargement, reconstruction, segmentation
from atelier_training.evaluate_base.judged import Subject, psnr
from atelier_training.jobs.evaluate_base import measured_files, run, spaced, task_of
from atelier_training.learners import upscaler
from atelier_training.paths import MlPaths
from contracts.artifact import BaseManifest
from contracts.corpus import Vocabulary
from contracts.disclosure import TEXTS
from contracts.errors import InvalidInputError
from contracts.pretraining import MeasuredArtifact
from contracts.pretraining_metrics import METRICS
from diffusion.painter import Painter
from imaging.segmenter import Segmenter
from tests.unit.miniatures import RESOLUTION, save_inpainter, save_segmenter
from tests.unit.pretrain_shards import write_shards, write_tokenizer

LABELS = tuple(f"label {number}" for number in range(9))
WEIGHTS = Path(__file__).resolve().parents[2] / "models/tiny/weights"
SHORT = {"num_inference_steps": 1, "guidance_scale": 1.0}


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shards(tmp_path_factory.mktemp("shards"))


@pytest.fixture(scope="module")
def samples(shards: Path) -> list[Sample]:
    data = open_shards(str(shards))
    return [data[number] for number in range(3)]


def subject(folder: Path, samples: Sequence[Sample], **changes: Any) -> Subject:
    values = {"name": "tiny", "revision": "v1", "family": "sd1", "task": "inpaint", "licence": "none", "source": "test"}
    base = BaseManifest(**{**values, "resolution": 64, "defaults": SHORT, **changes})
    vocabulary = Vocabulary(labels=LABELS, prompts={"a skirt": (3,)})
    return Subject(folder=folder, base=base, vocabulary=vocabulary, device=torch.device("cpu"))


class Oracle:
    """Parts of a pipeline whose UNet knows the clean latents, and so predicts what is asked without error, or nothing at all."""

    def __init__(self, kind: str, *, knows: bool) -> None:
        self.scheduler = DDIMScheduler(prediction_type=kind)
        self.vae = SimpleNamespace(config=SimpleNamespace(scaling_factor=0.5, latent_channels=3), encode=self._encode)
        self.unet = self
        self.config = SimpleNamespace(in_channels=7, out_channels=3)
        self.text_encoder = lambda tokens: (torch.zeros(1, 2, 4),)
        self._knows = knows
        self._clean = torch.zeros(1, 3, 8, 8)

    def set_progress_bar_config(self, **_options: Any) -> None:
        pass

    def tokenizer(self, caption: str, **_options: Any) -> Any:
        return SimpleNamespace(input_ids=torch.zeros(1, 2, dtype=torch.long))

    tokenizer.model_max_length = 2  # type: ignore[attr-defined]

    def _encode(self, pixels: Tensor) -> Any:
        latents = torch.nn.functional.avg_pool2d(pixels, 8)
        if pixels.any():
            self._clean = latents * 0.5
        return SimpleNamespace(latent_dist=SimpleNamespace(mode=lambda: latents))

    def __call__(self, inputs: Tensor, timesteps: Tensor, encoder_hidden_states: Tensor) -> Any:
        assert inputs.shape[1] == 7, "noisy latents, a mask, the latents of nothing"
        assert bool((inputs[:, 3] == 1).all())
        assert not inputs[:, 4:].any()
        assert len(encoder_hidden_states) == len(timesteps)
        kept = self.scheduler.alphas_cumprod[timesteps][:, None, None, None]
        noise = (inputs[:, :3] - kept.sqrt() * self._clean) / (1 - kept).sqrt()
        answers = {
            "epsilon": noise,
            "sample": self._clean.expand_as(noise),
            "v_prediction": kept.sqrt() * noise - (1 - kept).sqrt() * self._clean,
        }
        answer = answers[self.scheduler.config.prediction_type]
        return SimpleNamespace(sample=answer if self._knows else torch.zeros_like(answer))


@pytest.mark.parametrize("kind", ["epsilon", "sample", "v_prediction"])
def test_a_unet_that_knows_the_answer_has_no_error(samples: list[Sample], kind: str) -> None:
    about = subject(Path(), samples)
    assert denoising.denoising_error(Painter(Oracle(kind, knows=True)), samples[0], about, 0) < 1e-6
    assert denoising.denoising_error(Painter(Oracle(kind, knows=False)), samples[0], about, 0) > 0.01


def test_the_error_is_the_same_whenever_it_is_measured_and_another_with_other_noise(samples: list[Sample]) -> None:
    oracle, about = Painter(Oracle("epsilon", knows=False)), subject(Path(), samples)
    first = denoising.denoising_error(oracle, samples[0], about, 1)
    assert denoising.denoising_error(oracle, samples[0], about, 1) == first
    assert denoising.denoising_error(oracle, samples[0], about, 2) != first


def test_psnr_is_20_log_of_255_over_the_error() -> None:
    one, other = Image.new("RGB", (4, 4), (10, 10, 10)), Image.new("RGB", (4, 4), (20, 20, 20))
    assert psnr(one, other) == pytest.approx(20 * math.log10(25.5))
    assert psnr(one, one) == 100


def test_a_trained_autoencoder_beats_a_random_one(samples: list[Sample], tmp_path: Path) -> None:
    save_inpainter(tmp_path)
    trained = reconstruction.judge(subject(WEIGHTS / "inpaint", samples), samples)
    alone = reconstruction.judge(subject(WEIGHTS / "inpaint/vae", samples), samples)
    assert trained.metrics == alone.metrics
    assert trained.metrics["psnr"] > reconstruction.judge(subject(tmp_path, samples), samples).metrics["psnr"] + 5
    assert all(len(row.pictures) == len(trained.columns) for row in trained.rows)


class Finder:
    """A segmenter that finds the true mask of a skirt, and something small where there is none."""

    def __init__(self, truths: dict[bytes, Any]) -> None:
        self._truths = truths

    def mask(self, picture: Image.Image, prompt: str, *, grow: int) -> Any:
        assert grow == 0
        found = self._truths[picture.tobytes()].astype(np.uint8) * 255
        if not found.any():
            found[:10, :10] = 255
        return SimpleNamespace(mask=Image.fromarray(found))


def test_overlap_counts_where_it_is_there_and_false_pixels_where_it_is_not(
    monkeypatch: pytest.MonkeyPatch, samples: list[Sample]
) -> None:
    present = next(sample for sample in samples if (sample.labels == sample.regions[0].label).mean() > 0.01)
    label = present.regions[0].label
    absent = Sample(
        key="none",
        image=Image.new("RGB", (100, 50)),
        labels=np.zeros((50, 100), np.uint8),
        captions=("nothing",),
        regions=(),
    )
    truths = {each.image.tobytes(): each.labels == label for each in (present, absent)}
    monkeypatch.setattr(Segmenter, "load", lambda *_: Finder(truths))
    vocabulary = Vocabulary(labels=LABELS, prompts={"a garment": (label,)})
    about = dataclasses.replace(subject(Path(), samples), vocabulary=vocabulary)
    judged = segmentation.judge(about, [present, absent])
    assert judged.metrics == {
        "mask_iou_mean": 1.0,
        "mask_iou_min": 1.0,
        "false_positive": pytest.approx(100 / 5_000),
        "not_found": 0.0,
    }
    with pytest.raises(InvalidInputError, match="labelled pictures"):
        segmentation.judge(about, [absent])


def test_an_upscaler_is_compared_with_bicubic(
    shards: Path, samples: list[Sample], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    tokens = write_tokenizer(tmp_path_factory.mktemp("tokens"))
    learner = upscaler.UpscalingLearner(upscaler.begin(open_shards(str(shards)), tokens, None, 0), tokens)
    learner.export(tmp_path)
    judged = enlargement.judge(subject(tmp_path, samples, resolution=96), samples[:2])
    plain, ours, truth = judged.rows[0].pictures
    assert ours.size == plain.size == truth.size == (96, 96)
    gains = [psnr(row.pictures[1], row.pictures[2]) - psnr(row.pictures[0], row.pictures[2]) for row in judged.rows]
    assert judged.metrics["gain_db"] == pytest.approx(sum(gains) / 2)


def processing(root: Path, shards: Path, *, folder: str = "") -> MlPaths:
    """A processing job's folders: a random pipeline that a run of one step would have left."""
    paths = MlPaths(root=root)
    shutil.copytree(shards, paths.processing_input("held_out"))
    save_inpainter(paths.processing_input("base"))
    artifact = paths.processing_input("artifact")
    shutil.copytree(paths.processing_input("base") / folder, artifact)
    (artifact / "manifest.json").unlink(missing_ok=True)
    entries = [training_log.LoggedStep(step=step, loss=1 / step, lr=1e-3, seconds=step) for step in range(1, 11)]
    training_log.write(entries, artifact / "training_log.jsonl")
    return paths


def test_the_job_writes_numbers_pictures_and_what_it_measured(tmp_path: Path, shards: Path) -> None:
    paths = processing(tmp_path, shards)
    run(argparse.Namespace(model="unet", gate={"denoising_loss": 1e-9}), paths, Interruption())
    output = paths.processing_output("evaluate")
    metrics = json.loads((output / "metrics.json").read_text())
    assert set(metrics) == set(METRICS["unet"])
    assert (metrics["held_out"], metrics["train_avg_loss"]) == (8, 0.1)
    measured = MeasuredArtifact.from_json(json.loads((output / "artifact.json").read_text()))
    assert "unet/config.json" in measured.files
    assert "training_log.jsonl" in measured.files
    assert (measured.task, measured.family) == ("inpaint", "sd1")
    page = (output / "report.html").read_text()
    assert TEXTS["en"] in page
    with Image.open(output / "sheet.png") as sheet:
        sheet.load()
        assert TEXTS["en"] in str(sheet.getxmp())
    assert "Gate not met: denoising_loss" in page
    assert "{{" not in page
    with Image.open(output / "sheet.png") as sheet:
        assert sheet.width > RESOLUTION


def test_a_vae_alone_is_a_part_and_says_so(tmp_path: Path, shards: Path) -> None:
    paths = processing(tmp_path, shards, folder="vae")
    run(argparse.Namespace(model="vae", gate={}), paths, Interruption())
    output = paths.processing_output("evaluate")
    assert MeasuredArtifact.from_json(json.loads((output / "artifact.json").read_text())).task == "vae"
    assert set(json.loads((output / "metrics.json").read_text())) == set(METRICS["vae"])
    assert "Gate" not in (output / "report.html").read_text()


def test_a_gate_of_another_kind_of_model_is_refused(tmp_path: Path, shards: Path) -> None:
    with pytest.raises(InvalidInputError, match="unknown key: got 'psnr'"):
        run(argparse.Namespace(model="unet", gate={"psnr": 1}), MlPaths(root=tmp_path), Interruption())


def test_a_segmenter_is_whole_by_itself(tmp_path: Path) -> None:
    base = save_segmenter(tmp_path)
    assert measured_files(tmp_path, base, "segmenter").task == "segment"


def test_a_unet_s_pipeline_says_what_it_is_for_and_a_new_vae_leaves_it_useless(tmp_path: Path) -> None:
    base = save_inpainter(tmp_path)
    assert task_of(tmp_path, base.model_copy(update={"task": "vae"}), "unet") == "inpaint"
    assert task_of(tmp_path, base, "vae") == "vae"


def test_samples_are_taken_evenly() -> None:
    assert spaced(3, 64) == [0, 1, 2]
    assert spaced(1000, 4) == [0, 250, 500, 750]
