"""The training bench: its plain loop is a training like another, and its numbers are what they say."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionInpaintPipeline
from torch.utils.data import DataLoader

from atelier_training.paths import MlPaths
from bench.train import jobs
from bench.train.jobs import ComparedJobs, FinishedJob, run_job
from bench.train.learnt import Spread, not_above
from bench.train.masks import MASKS_EACH, randomly_masked, table
from bench.train.reference import PlainPictures, PlainTraining, collate, random_mask
from bench.train.roots import make_root, tiny_pictures
from bench.train.steps import OurTraining, StepTimes, measure_steps
from contracts.artifact import ADAPTER_WEIGHTS
from tests.unit.training_root import write_training


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("method", ["lora", "full"])
def test_the_plain_loop_learns_and_writes_what_diffusers_loads(tmp_path: Path, method: str) -> None:
    paths = write_training(tmp_path, method=method, max_steps="3")
    training = PlainTraining(paths)
    losses = [training.step() for _ in range(3)]
    assert np.isfinite(losses).all()
    training.export(paths.model)
    pipeline: Any = StableDiffusionInpaintPipeline.from_pretrained(paths.channel("base"), safety_checker=None)
    if method == "lora":
        pipeline.load_lora_weights(paths.model, weight_name=ADAPTER_WEIGHTS)
        (adapter,) = pipeline.unet.peft_config.values()
        assert adapter.r == 2
    else:
        trained = StableDiffusionInpaintPipeline.from_pretrained(paths.model, safety_checker=None)
        before, after = (dict(each.unet.named_parameters()) for each in (pipeline, trained))
        assert any(not torch.equal(before[name], after[name]) for name in before)


def test_both_loops_train_the_same_number_of_weights(tmp_path: Path) -> None:
    paths = write_training(tmp_path)
    ours = OurTraining(paths, 1)
    trained = sum(p.numel() for p in ours.trained.parameters() if p.requires_grad)
    assert trained == sum(p.numel() for p in PlainTraining(paths).parameters)


def test_a_step_of_the_plain_loop_is_always_as_much_work(tmp_path: Path) -> None:
    paths = write_training(tmp_path, batch_size="3", max_steps="4")
    loader: DataLoader[Any] = PlainTraining(paths).loader
    assert [len(batch["pictures"]) for batch in loader] == [3, 3, 3, 3], "of four pictures"


def test_a_masked_picture_is_grey_where_it_is_painted(tmp_path: Path) -> None:
    paths = write_training(tmp_path)
    tokenizer = PlainTraining(paths).pipeline.tokenizer
    rows = PlainPictures(paths.channel("dataset"), "a skirt", tokenizer, 32, 0)
    batch = collate([rows[index] for index in range(len(rows))])
    painted = batch["masks"].bool().expand_as(batch["pictures"])
    assert batch["pictures"].shape == (4, 3, 32, 32)
    assert not batch["masked"][painted].any()
    assert torch.equal(batch["masked"][~painted], batch["pictures"][~painted])


def test_random_masks_lie_anywhere_and_are_of_any_size() -> None:
    chance = np.random.default_rng(1)
    masks = np.stack([np.asarray(random_mask(32, chance)) for _ in range(300)]) > 0
    assert masks.any(axis=0).all(), "every pixel was covered once"
    shares = masks.mean(axis=(1, 2))
    assert shares.min() < 0.02 < 0.6 < shares.max()


def test_steps_of_three_sides_are_measured_in_turn(tmp_path: Path) -> None:
    times = measure_steps(write_training(tmp_path), 2)
    assert [len(each) for each in (times.ours, times.reference, times.floor)] == [2, 2, 2]
    assert min([*times.ours, *times.reference, *times.floor]) > 0


def test_a_ratio_is_of_neighbours() -> None:
    line = StepTimes(ours=[1.0, 2.0, 1.0], reference=[2.0, 4.0, 3.0], floor=[1.0, 1.0, 0.5]).line("tiny")
    assert (line["steps_ratio_tiny"], line["steps_ratio_tiny_least"]) == (2.0, 2.0)
    assert (line["floor_ratio_tiny"], line["floor_ratio_tiny_most"]) == (2.0, 2.0)


def test_jobs_are_compared_by_their_first_step_their_memory_and_their_end() -> None:
    ours = FinishedJob(steps=[6.0, 7.0], total=8.0, peak=300.0)
    reference = FinishedJob(steps=[3.0, 6.0], total=10.0, peak=400.0)
    line = ComparedJobs(ours=ours, reference=reference).line("tiny")
    found = [line[f"{name}_ratio_tiny{end}"] for name, end in (("first_step", ""), ("memory", ""), ("total", "_2"))]
    assert found == [2.0, 0.75, 0.8]


def test_a_job_that_fails_says_its_last_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(jobs.COMMANDS, "ours", ("bench.train.no_such_module",))
    with pytest.raises(RuntimeError, match=r"ours ended with 1:(.|\n)*no_such_module"):
        run_job("ours", MlPaths(root=tmp_path))


def test_a_root_is_a_job_that_is_asked_as_the_catalogue_says(tmp_path: Path) -> None:
    paths = make_root("tiny", "lora", tmp_path, tiny_pictures(), seed=3)
    asked = json.loads(paths.hyperparameters.read_text())
    assert (asked["seed"], asked["lora_rank"], asked["batch_size"]) == ("3", "16", "6")
    assert len(list(paths.channel("dataset").iterdir())) == 12


def test_every_picture_gets_random_masks_of_its_size() -> None:
    pictures = tiny_pictures()[:2]
    masked = randomly_masked(pictures, 0)
    assert len({each.name for each in masked}) == 2 * MASKS_EACH
    assert {each.mask.shape for each in masked} == {each.mask.shape for each in pictures}
    assert all(each.mask.any() for each in masked)


def test_a_loss_is_within_noise_by_two_standard_errors() -> None:
    low, high = Spread(values=[1.0, 1.2, 1.1]), Spread(values=[2.0, 2.2, 2.1])
    assert not_above(low, high)
    assert not not_above(high, low)
    assert not_above(Spread(values=[1.1, 1.3, 1.2]), low), "a tenth is noise here"


def test_the_table_of_masks_is_markdown() -> None:
    scores = {
        name: Spread(values=[0.5, 0.7])
        for name in ("garment_share", "both_colours", "leak_both", "leak_colour", "loss")
    }
    lines = table({"semantic masks": scores}).splitlines()
    assert lines[1] == "| --- | --- | --- | --- | --- | --- |"
    assert lines[2] == f"| semantic masks | {' | '.join(['0.600 ± 0.141'] * 5)} |"
