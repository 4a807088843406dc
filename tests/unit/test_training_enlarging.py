"""Fine-tuning an upscaler: what pairs are, that a resumed run is the same run, and that plain diffusers and ours enlarge alike."""

import json
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionUpscalePipeline
from PIL import Image
from safetensors.torch import load_file

from atelier_training.arguments import parser
from atelier_training.data.enlargements import EnlargementBatches
from atelier_training.data.examples import ExampleFile
from atelier_training.data.kept_views import KeptViews
from atelier_training.data.pairs import EncodedPair, PairCutter, degraded, largest_side
from atelier_training.data.pictures import DatasetFolder
from atelier_training.engine import training_log
from atelier_training.engine.interruption import InterruptedJobError, Interruption
from atelier_training.engine.processes import Processes
from atelier_training.fine_tune_job import FineTuneJob
from atelier_training.jobs import evaluate
from atelier_training.jobs.fine_tune import fine_tune
from atelier_training.paths import MlPaths
from contracts.artifact import ADAPTER_WEIGHTS, TRAINING_LOG, StyleManifest
from contracts.errors import InvalidInputError
from contracts.execution import NOT_OF_UPSCALERS
from contracts.hyperparameters import Hyperparameters
from contracts.sampling import Sampling
from diffusion.lora_file import load_lora
from diffusion.lora_shape import LoraShape
from diffusion.trained_model import trainable_parts
from diffusion.upscaler import Upscaler
from tests.unit.test_training_finetune import StopsAfter, same_weights
from tests.unit.training_root import JOB, PROMPT, garment, write_dataset, write_enlarging

UNET = "unet/diffusion_pytorch_model.safetensors"


@pytest.fixture(autouse=True)
def _quiet_machine() -> Iterator[None]:
    torch.set_num_threads(1)
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def train(paths: MlPaths, interruption: Interruption | None = None) -> list[training_log.LoggedStep]:
    job = paths.read_hyperparameters(FineTuneJob)
    fine_tune(job, paths, Processes(device=torch.device("cpu")), interruption or Interruption())
    return training_log.read(paths.model / TRAINING_LOG)


def plain(folder: Path, adapter: Path | None = None) -> Image.Image:
    """What diffusers by itself makes of a small picture."""
    pipeline: Any = StableDiffusionUpscalePipeline.from_pretrained(folder)
    pipeline.set_progress_bar_config(disable=True)
    if adapter is not None:
        pipeline.load_lora_weights(adapter, weight_name=ADAPTER_WEIGHTS)
    made: Image.Image = pipeline(
        prompt=[PROMPT],
        image=[garment(0)[0].resize((16, 16))],
        generator=[torch.Generator().manual_seed(3)],
        num_inference_steps=3,
        guidance_scale=2.0,
        noise_level=20,
    ).images[0]
    return made


def served(folder: Path, adapter: Path | None = None) -> Image.Image:
    """What the model server makes of it: each row has its own adapters."""
    upscaler = Upscaler.load(folder, device="cpu", dtype=torch.float32, checker=False)
    mix = ((load_lora(upscaler.pipeline, adapter, "sks@1"), 1.0),) if adapter is not None else ()
    (made,) = upscaler.enlarge(
        pictures=[garment(0)[0].resize((16, 16))],
        prompts=[PROMPT],
        seeds=[3],
        sampling=Sampling(steps=3, guidance=2.0),
        adapters=[mix],
    )
    return made


@pytest.mark.parametrize("method", ["lora", "full"])
def test_plain_diffusers_and_the_server_enlarge_alike_with_what_was_learnt(tmp_path: Path, method: str) -> None:
    paths = write_enlarging(tmp_path, method=method, max_steps="3", learning_rate="2e-2")
    assert len(train(paths)) == 3
    manifest = StyleManifest.load(paths.model)
    assert (manifest.task, manifest.method) == ("upscale", method)
    places = (paths.channel("base"), paths.model) if method == "lora" else (paths.model, None)
    own, ours, before = plain(*places), served(*places), plain(paths.channel("base"))
    assert own.size == (64, 64)
    assert np.abs(np.asarray(own, int) - np.asarray(ours, int)).max() <= 1
    assert np.abs(np.asarray(own, int) - np.asarray(before, int)).max() > 5
    if method == "full":
        same = {"vae", "text_encoder"}
        for part in same:
            (file,) = (paths.model / part).glob("*.safetensors")
            assert same_weights(file, paths.channel("base") / part / file.name)


@pytest.mark.parametrize(("held_out", "pairs"), [(False, False), (True, False), (True, True)])
def test_it_is_judged_by_how_near_it_comes_to_the_large_pictures(tmp_path: Path, held_out: bool, pairs: bool) -> None:
    trained = write_enlarging(tmp_path / "training", max_steps="2", learning_rate="2e-2")
    train(trained)
    paths = MlPaths(root=tmp_path / "evaluation")
    dataset = paths.processing_input("dataset")
    shutil.copytree(trained.channel("dataset"), dataset)
    if held_out:
        (dataset / "evaluation").mkdir()
        garment(9, (128, 200))[0].save(dataset / "evaluation/look.png")
    if pairs:
        (dataset / "evaluation/low_res").mkdir()
        Image.new("RGB", (32, 50), (10, 200, 90)).save(dataset / "evaluation/low_res/look.png")
    for name, folder in (("segment", "masks"), ("base", "base")):
        shutil.copytree(trained.channel(folder), paths.processing_input(name))
    shutil.copytree(trained.model, paths.processing_input("artifact"))
    words = ["evaluate", "--task", "upscale", "--instance-prompt", PROMPT, "--gate", '{"psnr_gain": 0}']
    evaluate.run(parser().parse_args(words), paths, Interruption())
    output = paths.processing_output("evaluate")
    metrics = json.loads((output / "metrics.json").read_text())
    assert set(metrics) == {"psnr_plain", "psnr_before", "psnr_after", "psnr_gain", "train_avg_loss"}
    assert metrics["psnr_gain"] == pytest.approx(metrics["psnr_after"] - metrics["psnr_before"], abs=1e-5)
    shown = {path.name for path in (output / "pictures").iterdir()}
    names = ["look"] if held_out else [f"skirt-{index}" for index in range(4)]
    assert shown == {f"{name}_{column}.png" for name in names for column in ("plain", "before", "after", "original")}
    with Image.open(output / f"pictures/{names[0]}_after.png") as after:
        assert after.size == ((128, 128) if held_out else (64, 64)), "a tile of 32 pixels, or what the picture allows"
    with Image.open(output / f"pictures/{names[0]}_plain.png") as plain:
        only = np.asarray(plain.convert("RGB")).reshape(-1, 3)
        assert bool((only == only[0]).all()) == pairs, "somebody's own small version is enlarged, not one that is made"
    page = (output / "report.html").read_text()
    assert ("These are pictures" in page or "which flatters it" in page) != held_out
    assert "psnr_gain" in page


@pytest.mark.parametrize(
    ("method", "more"), [("lora", {"lora_dropout": "0.3", "random_flip": "True"}), ("full", {"snr_gamma": "5"})]
)
def test_a_resumed_run_continues_exactly(tmp_path: Path, method: str, more: Any) -> None:
    settings: Any = {"method": method, "max_steps": "5", "gradient_accumulation_steps": "2", **more}
    whole, parts = (write_enlarging(tmp_path / name, small=True, **settings) for name in ("whole", "parts"))
    expected = train(whole)
    with pytest.raises(InterruptedJobError, match="after step 2"):
        train(parts, StopsAfter(1))
    torch.manual_seed(99)
    assert [(each.step, each.loss) for each in train(parts)] == [(each.step, each.loss) for each in expected]
    assert same_weights(*(paths.model / (ADAPTER_WEIGHTS if method == "lora" else UNET) for paths in (whole, parts)))


def test_what_is_wrong_becomes_less(tmp_path: Path) -> None:
    paths = write_enlarging(tmp_path, method="full", max_steps="40", batch_size="4", learning_rate="5e-3")
    losses = [each.loss for each in train(paths)]
    assert sum(losses[-10:]) < 0.9 * sum(losses[:10])


def test_a_small_version_of_ones_own_is_learnt_from(tmp_path: Path) -> None:
    made, given = write_enlarging(tmp_path / "a"), write_enlarging(tmp_path / "b", small=True)
    assert [each.loss for each in train(made)] != [each.loss for each in train(given)]


def test_what_predicts_pictures_is_compared_as_pictures(tmp_path: Path) -> None:
    latents, pictures = write_enlarging(tmp_path / "a"), write_enlarging(tmp_path / "b", prediction="sample")
    assert len(train(pictures)) == len(train(latents)) == 4
    upscaler = Upscaler.load(pictures.channel("base"), device="cpu", dtype=torch.float32, checker=False)
    assert upscaler.predicts_pictures
    assert upscaler.decode(torch.zeros(1, 4, 8, 8)).shape == (1, 3, 32, 32)


def cutter(folder: Path, *, small: bool = False, flipped: bool = False, side: int = 16) -> PairCutter:
    """Of four pictures whose levels say where a pixel is."""
    own = {}
    for index in range(4):
        rows, columns = np.indices((96, 80))
        levels = np.stack([columns * 3, rows * 2, np.full_like(rows, 60 * index)], axis=2).astype(np.uint8)
        Image.fromarray(levels).save(folder / f"{index}.png")
        if small:
            Image.fromarray(levels).reduce(4).save(folder / f"small-{index}.png")
            own[f"{index}.png"] = folder / f"small-{index}.png"
    files = [ExampleFile(name=f"{n}.png", caption="", picture=folder / f"{n}.png", mask=None) for n in range(4)]
    return PairCutter(files=files, small=own, side=side, seed=0, flipped=flipped)


@pytest.mark.parametrize("small", [False, True])
def test_both_of_a_pair_show_the_same_part(tmp_path: Path, small: bool) -> None:
    cut = cutter(tmp_path, small=small)
    places = set()
    for number in range(12):
        pair = cut(number % 4, number)
        assert (pair.large.shape, pair.small.shape) == ((64, 64, 3), (16, 16, 3))
        shrunk = np.asarray(Image.fromarray(pair.large).reduce(4), int)
        assert np.abs(shrunk - pair.small.astype(int)).mean() < (0.6 if small else 6)
        places.add((int(pair.large[0, 0, 0]), int(pair.large[0, 0, 1])))
        again = cut(number % 4, number)
        assert np.array_equal(again.large, pair.large)
        assert np.array_equal(again.small, pair.small)
    assert len(places) > 5


def test_every_other_part_is_mirrored_on_both_sides(tmp_path: Path) -> None:
    as_it_is, flipped = cutter(tmp_path, small=True), cutter(tmp_path, small=True, flipped=True)
    for number in range(4):
        turn = -1 if number % 2 else 1
        assert np.array_equal(flipped(0, number).large, as_it_is(0, number).large[:, ::turn])
        assert np.array_equal(flipped(0, number).small, as_it_is(0, number).small[:, ::turn])


def test_what_is_made_small_comes_in_several_ways(tmp_path: Path) -> None:
    picture = garment(0, (96, 96))[0]
    made = {degraded(picture, np.random.default_rng(seed)).tobytes() for seed in range(30)}
    assert len(made) > 6
    assert degraded(picture, np.random.default_rng(1)).size == (24, 24)


def test_parts_are_as_large_as_a_tile_or_as_the_smallest_picture_allows(tmp_path: Path) -> None:
    files = cutter(tmp_path).files
    assert largest_side(files, 128) == 16, "a quarter of 80, in cells of 8"
    assert largest_side(files, 8) == 8
    garment(0, (63, 200))[0].save(tmp_path / "2.png")
    with pytest.raises(InvalidInputError, match=r"2\.png.*63x200.*at least 64 pixels"):
        largest_side(files, 128)


def test_segments_check_names_pictures_that_are_too_small_and_small_versions_that_are_none(tmp_path: Path) -> None:
    write_dataset(tmp_path)
    (tmp_path / "low_res").mkdir()
    garment(0, (12, 15))[0].save(tmp_path / "low_res/skirt-1.png")
    garment(0, (12, 16))[0].save(tmp_path / "low_res/skirt-2.png")
    with pytest.raises(InvalidInputError) as caught:
        DatasetFolder.read(tmp_path).check(enlarging=True)
    assert "12x15 pixels" in str(caught.value)
    assert "12x16, a quarter of the picture's 48x64" in str(caught.value)
    assert all(f"skirt-{index}.png" in str(caught.value) for index in range(4)), "all are smaller than 64 pixels"
    (tmp_path / "low_res/skirt-1.png").unlink()
    assert DatasetFolder.read(tmp_path).check() == []


@pytest.mark.parametrize("name", NOT_OF_UPSCALERS)
def test_an_upscaler_preserves_no_prior_learns_no_words_and_is_not_looked_at(name: str) -> None:
    strings = JOB | {"task": "upscale", "target": "", name: "2" if name == "validation_steps" else "True"}
    with pytest.raises(InvalidInputError, match=f"{name}.*left out when task is upscale"):
        FineTuneJob.from_strings(strings)


def test_settings_of_framing_mean_nothing_to_it() -> None:
    job = FineTuneJob.from_strings(JOB | {"task": "upscale", "center_crop": "True", "mask_weight": "0.5"})
    assert [each.split(",")[0] for each in job.ignored()] == ["center_crop", "mask_weight"]


def test_an_adapter_on_attention_alone_needs_a_model_that_has_some(tmp_path: Path) -> None:
    paths = write_enlarging(tmp_path, lora_targets="attention")
    assert len(train(paths)) == 4
    assert all(".attn" in name for name in load_file(paths.model / ADAPTER_WEIGHTS))
    config = paths.channel("base") / "unet/config.json"
    assert "CrossAttn" in config.read_text()
    shape = json.loads(config.read_text())
    without = {
        **shape,
        "down_block_types": ["DownBlock2D"] * 2,
        "up_block_types": ["UpBlock2D"] * 2,
        "mid_block_type": "UNetMidBlock2D",
    }
    upscaler = Upscaler.load(paths.channel("base"), device="cpu", dtype=torch.float32, checker=False)
    upscaler.pipeline.unet = type(upscaler.pipeline.unet).from_config(without)
    with pytest.raises(InvalidInputError, match="lora_targets: got 'attention'; allowed: all"):
        trainable_parts(
            upscaler,
            lora=LoraShape(rank=2, alpha=2, attention_only=True),
            train_text_encoder=False,
            gradient_checkpointing=False,
        )


def test_noise_is_most_often_the_services_own(tmp_path: Path) -> None:
    pairs: Any = KeptViews(
        names=("a", "b"),
        captions=("w", "w"),
        views=2,
        cut=lambda picture, number: float(picture + number),
        encode=lambda value: EncodedPair(latents=torch.full((4, 2, 2), value), small=torch.full((3, 2, 2), value)),
        kind=EncodedPair,
        folder=tmp_path,
    )
    batches = EnlargementBatches(
        pairs=pairs,
        words={"w": {"states": torch.zeros(3, 8)}},
        tuning=Hyperparameters(batch_size=4),
        timesteps=1000,
        served=(999, 499),
        usual=20,
        most_noise=350,
    )
    levels = torch.cat([batches.draw(number).levels for number in range(100)])
    assert 0.4 < float((levels == 20).float().mean()) < 0.6
    assert int(levels.max()) <= 350
    assert int(levels.max()) > 300
    steps = torch.cat([batches.draw(number).timesteps for number in range(100)])
    assert 0.4 < float(((steps == 999) | (steps == 499)).float().mean()) < 0.6
    assert len(set(steps.tolist())) > 100
    first, again = batches.draw(3), batches.draw(3)
    assert torch.equal(first.grain, again.grain)
    assert torch.equal(first.noise, again.noise)
    assert not torch.equal(first.noise, batches.draw(4).noise)
