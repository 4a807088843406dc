"""Fine-tuning a random model of the real classes: what changes, what is saved, and that a resumed run is the same run."""

import json
import math
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import StableDiffusionInpaintPipeline, UNet2DConditionModel
from safetensors.torch import load_file

from atelier_training.data.masking import Masking, PictureMask
from atelier_training.engine import training_log
from atelier_training.engine.checkpoint import FILE, CheckpointMismatchError
from atelier_training.engine.interruption import InterruptedJobError, Interruption
from atelier_training.engine.processes import Processes
from atelier_training.engine.run import NonFiniteLossError
from atelier_training.fine_tune_job import FineTuneJob
from atelier_training.jobs.fine_tune import fine_tune, total_steps
from atelier_training.learners import fine_tune as learner
from atelier_training.paths import MlPaths
from contracts.artifact import ADAPTER_WEIGHTS, TRAINING_LOG, StyleManifest, verify_files
from contracts.errors import InvalidInputError
from diffusion.lora_file import load_lora
from diffusion.trainee import ATTENTION
from imaging.masks import to_image
from tests.unit.training_root import JOB, garment, write_training


@pytest.fixture(autouse=True)
def _quiet_machine() -> Iterator[None]:
    torch.set_num_threads(1)
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def train(paths: MlPaths, interruption: Interruption | None = None) -> list[training_log.LoggedStep]:
    """Run the job in this process; the log that it leaves."""
    job = paths.read_hyperparameters(FineTuneJob)
    fine_tune(job, paths, Processes(device=torch.device("cpu")), interruption or Interruption())
    return training_log.read(paths.model / TRAINING_LOG)


class StopsAfter(Interruption):
    """SIGTERM, as if it had come during one step: the engine asks once a step."""

    def __init__(self, steps: int) -> None:
        self._left, self._stops = steps, False

    @property
    def requested(self) -> bool:
        self._left -= 1
        return self._left < 0

    @requested.setter
    def requested(self, value: bool) -> None:
        self._stops = value

    def check(self, what: str) -> None:
        if self._stops:
            raise InterruptedJobError(f"stopped by SIGTERM while {what}")


def same_weights(first: Path, second: Path) -> bool:
    """Every tensor equal to the bit. Not every byte of the file: safetensors writes its metadata in a random order."""
    a, b = load_file(first), load_file(second)
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def prediction(unet: Any) -> torch.Tensor:
    torch.manual_seed(1)
    inputs, text = torch.randn(1, unet.config.in_channels, 16, 16), torch.randn(1, 32, 16)
    with torch.no_grad():
        result: torch.Tensor = unet(inputs, torch.tensor([500]), encoder_hidden_states=text).sample
    return result


def test_a_lora_artifact_loads_into_the_base_and_changes_it(tmp_path: Path) -> None:
    paths = write_training(tmp_path)
    log = train(paths)
    assert [entry.step for entry in log] == [1, 2, 3, 4]
    manifest = StyleManifest.load(paths.model)
    assert (manifest.style, manifest.version, manifest.base_model) == ("sks", 0, "tiny-random@1")
    assert (manifest.licence, manifest.commercial, manifest.restricted) == ("", "no", False), "as its base model's"
    assert manifest.hyperparameters["max_steps"] == 4
    assert set(manifest.files) == {ADAPTER_WEIGHTS, TRAINING_LOG, "training_config.json"}
    verify_files(paths.model, manifest.files)
    pipeline: Any = StableDiffusionInpaintPipeline.from_pretrained(paths.channel("base"), safety_checker=None)
    before = prediction(pipeline.unet)
    pipeline.load_lora_weights(paths.model, weight_name=ADAPTER_WEIGHTS)
    assert not torch.allclose(prediction(pipeline.unet), before)
    config = pipeline.unet.peft_config["default_0"]
    assert (config.r, config.lora_alpha) == (2, 2)


def test_an_adapter_of_the_attention_alone_has_the_strength_that_was_asked_for(tmp_path: Path) -> None:
    paths = write_training(tmp_path, lora_targets="attention", lora_alpha="6", lora_dropout="0.2")
    train(paths)
    layers = load_file(paths.model / ADAPTER_WEIGHTS)
    assert layers
    assert all(".attn" in name and name.split(".lora_")[0].endswith(ATTENTION) for name in layers)
    pipeline: Any = StableDiffusionInpaintPipeline.from_pretrained(paths.channel("base"), safety_checker=None)
    assert load_lora(pipeline, paths.model, ADAPTER_WEIGHTS).nbytes, "the model server takes it"
    pipeline.load_lora_weights(paths.model, weight_name=ADAPTER_WEIGHTS)
    config = pipeline.unet.peft_config["default_0"]
    assert (config.r, config.lora_alpha, config.lora_dropout) == (2, 6, 0.2)


def test_a_full_artifact_is_the_whole_pipeline_with_only_the_unet_changed(tmp_path: Path) -> None:
    paths = write_training(tmp_path, method="full")
    train(paths)
    base, model = paths.channel("base"), paths.model
    base_files = json.loads((base / "manifest.json").read_text())["files"]
    files = StyleManifest.load(model).files
    changed = {name for name in base_files if files.get(name) != base_files[name]}
    assert "unet/diffusion_pytorch_model.safetensors" in changed
    assert changed <= {"unet/diffusion_pytorch_model.safetensors", "unet/config.json"}
    assert (model / "base_manifest.json").read_text() == (base / "manifest.json").read_text()
    trained, untrained = (UNet2DConditionModel.from_pretrained(folder / "unet") for folder in (model, base))
    assert not torch.allclose(prediction(trained), prediction(untrained))
    StableDiffusionInpaintPipeline.from_pretrained(model, safety_checker=None)


def test_a_text_to_image_style_needs_no_masks_and_takes_a_four_channel_model(tmp_path: Path) -> None:
    paths = write_training(tmp_path, channels=4, task="text-to-image", target="")
    assert not (paths.channel("masks") / "masks").exists()
    assert len(train(paths)) == 4


def test_an_inpainting_style_needs_an_inpainting_model_and_masks(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="4 input channels"):
        train(write_training(tmp_path / "a", channels=4))
    paths = write_training(tmp_path / "b")
    paths.channel("masks").rename(tmp_path / "elsewhere")
    with pytest.raises(InvalidInputError, match=r"masks/segment\.json"):
        train(paths)


def test_a_changed_base_model_is_refused(tmp_path: Path) -> None:
    paths = write_training(tmp_path)
    (paths.channel("base") / "unet/diffusion_pytorch_model.safetensors").write_bytes(b"not weights")
    with pytest.raises(InvalidInputError, match="sha256"):
        train(paths)
    assert not paths.model.exists()


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(tmp_path: Path) -> None:
    a, b, c = (write_training(tmp_path / name, seed=seed) for name, seed in (("a", "5"), ("b", "5"), ("c", "6")))
    for paths in (a, b, c):
        train(paths)
    assert same_weights(a.model / ADAPTER_WEIGHTS, b.model / ADAPTER_WEIGHTS)
    assert not same_weights(a.model / ADAPTER_WEIGHTS, c.model / ADAPTER_WEIGHTS)


@pytest.mark.parametrize(
    ("method", "more"),
    [("lora", {}), ("full", {}), ("lora", {"lora_dropout": "0.3", "noise_offset": "0.1", "snr_gamma": "5"})],
)
def test_a_resumed_run_continues_exactly(tmp_path: Path, method: str, more: Any) -> None:
    settings: Any = {"method": method, "max_steps": "6", "gradient_accumulation_steps": "2", "lr_scheduler": "cosine"}
    whole, parts = (write_training(tmp_path / name, **settings, **more) for name in ("whole", "parts"))
    expected = train(whole)
    with pytest.raises(InterruptedJobError, match="after step 3"):
        train(parts, StopsAfter(2))
    assert not parts.model.exists()
    assert torch.load(parts.checkpoints / FILE, weights_only=True)["step"] == 3
    torch.manual_seed(99)
    resumed = train(parts)
    assert [(e.step, e.loss, e.lr) for e in resumed] == [(e.step, e.loss, e.lr) for e in expected]
    name = ADAPTER_WEIGHTS if method == "lora" else "unet/diffusion_pytorch_model.safetensors"
    assert same_weights(parts.model / name, whole.model / name)


@pytest.mark.parametrize(
    "setting", [{"lora_dropout": "0.3"}, {"noise_offset": "0.1"}, {"snr_gamma": "0.5"}, {"random_flip": "True"}]
)
def test_each_setting_changes_what_is_learnt(tmp_path: Path, setting: Any) -> None:
    plain, changed = write_training(tmp_path / "a"), write_training(tmp_path / "b", **setting)
    train(plain)
    train(changed)
    assert not same_weights(plain.model / ADAPTER_WEIGHTS, changed.model / ADAPTER_WEIGHTS)


@pytest.mark.parametrize("prior", ["False", "True"])
def test_whole_pictures_are_learnt_at_their_own_aspect_and_the_run_resumed_exactly(tmp_path: Path, prior: str) -> None:
    settings: Any = {
        **{"task": "text-to-image", "target": "", "aspect_ratio_buckets": "True", "max_steps": "4"},
        **{"with_prior_preservation": prior, "num_class_images": "3"},
    }
    whole, parts = (write_training(tmp_path / name, channels=4, **settings) for name in ("whole", "parts"))
    for paths in (whole, parts):  # the others are 48 pixels wide and 64 high
        garment(0, (120, 60))[0].save(paths.channel("dataset") / "skirt-0.png")
    expected = train(whole)
    (kept,) = (whole.checkpoints / "views").glob("instance-*")
    shapes = {tuple(load_file(each)["latents"].shape) for each in kept.glob("*.safetensors")}
    assert shapes == {(4, 18, 14), (4, 12, 20)}
    with pytest.raises(InterruptedJobError):
        train(parts, StopsAfter(1))
    assert [(each.step, each.loss) for each in train(parts)] == [(each.step, each.loss) for each in expected]
    assert same_weights(parts.model / ADAPTER_WEIGHTS, whole.model / ADAPTER_WEIGHTS)


def test_a_checkpoint_of_another_training_is_not_continued(tmp_path: Path) -> None:
    paths = write_training(tmp_path, max_steps="2")
    train(paths)
    paths.hyperparameters.write_text(json.dumps(JOB | {"max_steps": "2", "learning_rate": "2e-3"}))
    with pytest.raises(CheckpointMismatchError, match=r"learning_rate: got \{'learning_rate': 0.001\}"):
        train(paths)


def test_class_pictures_are_painted_once_and_kept_with_the_checkpoints(tmp_path: Path) -> None:
    paths = write_training(tmp_path, with_prior_preservation="True", num_class_images="5", max_steps="2")
    train(paths)
    (folder,) = (paths.checkpoints / "class_pictures").iterdir()
    painted = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert len(painted) == 5
    removed = next(iter(painted))
    before = removed.read_bytes()
    removed.unlink()
    train(paths)
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir() if path != removed} == {
        path: when for path, when in painted.items() if path != removed
    }
    assert removed.read_bytes() == before


def test_class_pictures_of_ones_own_are_learnt_from_and_the_missing_ones_are_painted(tmp_path: Path) -> None:
    paths = write_training(tmp_path, with_prior_preservation="True", num_class_images="5", max_steps="4")
    dataset, masks = paths.channel("dataset"), paths.channel("masks")
    (dataset / "class_data_dir").mkdir()
    (masks / "masks/class_data_dir").mkdir()
    own = []
    for index in range(3):
        picture, mask = garment(index + 4)
        picture.save(dataset / f"class_data_dir/{index}.png")
        to_image(mask).save(masks / f"masks/class_data_dir/{index}.png")
        name = f"class_data_dir/{index}.png"
        own.append(PictureMask(name=name, mask=f"masks/{name}", score=0.9, area=0.1, source="clipseg"))
    Masking.read(masks).model_copy(update={"class_pictures": tuple(own)}).write(masks)
    assert len(train(paths)) == 4
    (folder,) = (paths.checkpoints / "class_pictures").iterdir()
    assert sorted(path.name for path in folder.iterdir()) == ["00003.png", "00004.png"]
    (views,) = (paths.checkpoints / "views").glob("class-*")
    assert {path.name for path in views.glob("*.safetensors")} == {f"{index:06}.safetensors" for index in range(5)}


def test_the_prior_changes_what_is_learnt(tmp_path: Path) -> None:
    with_prior = write_training(tmp_path / "a", with_prior_preservation="True", num_class_images="4")
    without = write_training(tmp_path / "b")
    assert train(with_prior)[-1].loss != train(without)[-1].loss


def test_a_loss_that_is_no_number_stops_the_job_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = write_training(tmp_path)
    original: Callable[..., torch.Tensor] = learner.weighted_error
    monkeypatch.setattr(learner, "weighted_error", lambda *given: original(*given) * math.nan)
    with pytest.raises(NonFiniteLossError, match=r"step 1 on skirt-\d\.png, skirt-\d\.png: got 'NaN or infinity'"):
        train(paths)
    assert not paths.model.exists()


@pytest.mark.parametrize(
    ("name", "rates"),
    [
        ("constant", [2.0, 2.0, 2.0, 2.0]),
        ("constant_with_warmup", [0.0, 1.0, 2.0, 2.0]),
        ("linear", [0.0, 1.0, 2.0, 1.0]),
        ("cosine", [0.0, 1.0, 2.0, 1.0]),
    ],
)
def test_the_learning_rate_follows_the_schedule_of_its_name(name: str, rates: list[float]) -> None:
    strings = JOB | {"lr_scheduler": name, "lr_warmup_steps": "2", "learning_rate": "0.2"}
    rate = learner.learning_rate(FineTuneJob.from_strings(strings), 4)
    assert [rate(step) for step in range(4)] == pytest.approx([0.1 * each for each in rates])


@pytest.mark.parametrize(
    ("given", "pictures", "processes", "steps"),
    [
        ({"max_steps": "7"}, 12, 4, 7),
        ({"max_steps": "None", "epochs": "3", "batch_size": "1"}, 12, 1, 36),
        ({"max_steps": "None", "epochs": "3", "batch_size": "5"}, 12, 1, 9),
        ({"max_steps": "None", "epochs": "3", "batch_size": "1", "gradient_accumulation_steps": "2"}, 12, 3, 6),
    ],
)
def test_epochs_become_steps(given: dict[str, str], pictures: int, processes: int, steps: int) -> None:
    assert total_steps(FineTuneJob.from_strings(JOB | given), pictures, processes) == steps
