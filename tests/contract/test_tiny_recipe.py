"""The recipe of the tiny weights: every command runs, what it makes loads, and the model cards name the same commands."""

import importlib
import sys
from pathlib import Path

import pytest
import torch
import torch.distributed.run as torchrun
from diffusers import StableDiffusionInpaintPipeline, StableDiffusionUpscalePipeline

from imaging.segmenter import Segmenter
from models.tiny.make.recipe import STEPS, WEIGHTS, Step, command, install, run

TRAININGS = [step for step in STEPS if step.installs]


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the modules that were run; importing torch once for all of them saves most of the time."""
    torch.set_num_threads(1)
    return []


def test_every_command_runs_and_its_weights_load(
    tmp_path: Path, in_this_process: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def launch(words: list[str]) -> None:
        monkeypatch.setattr(sys, "argv", words)
        importlib.import_module(words[0]).main()
        in_this_process.append(words[0])

    weights = tmp_path / "weights"
    run(tmp_path, weights, toy=True, launch=launch)
    assert in_this_process == [step.module for step in STEPS]
    StableDiffusionInpaintPipeline.from_pretrained(weights / "inpaint", safety_checker=None)
    StableDiffusionUpscalePipeline.from_pretrained(weights / "upscaler")
    Segmenter.load(weights / "clipseg")

    run(tmp_path, weights, toy=True, launch=launch)
    assert len(in_this_process) == len(STEPS), "a finished command was run again"


def test_what_failed_is_run_again_and_what_was_done_is_not(tmp_path: Path) -> None:
    tried: list[str] = []

    def launch(words: list[str]) -> None:
        tried.append(words[0])
        if tried.count(STEPS[1].module) == 1:
            raise RuntimeError("stopped")
        for step in TRAININGS:
            (tmp_path / step.name / "export").mkdir(parents=True, exist_ok=True)

    with pytest.raises(RuntimeError, match="stopped"):
        run(tmp_path, tmp_path / "weights", toy=True, launch=launch)
    run(tmp_path, tmp_path / "weights", toy=True, launch=launch)
    assert tried == [STEPS[0].module, STEPS[1].module, *(step.module for step in STEPS[1:])]


def test_nothing_is_removed_where_nothing_was_exported(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("shipped")
    with pytest.raises(FileNotFoundError, match="nothing was exported"):
        install(tmp_path / "export", tmp_path)
    assert (tmp_path / "config.json").read_text() == "shipped"


def test_installing_replaces_old_files_and_keeps_the_card(tmp_path: Path) -> None:
    export, folder = tmp_path / "export", tmp_path / "shipped"
    (export / "unet").mkdir(parents=True)
    (export / "unet" / "config.json").write_text("new")
    folder.mkdir()
    (folder / "old.json").write_text("old")
    (folder / "README.md").write_text("card")
    install(export, folder)
    files = {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}
    assert files == {"unet/config.json": "new", "README.md": "card"}


def test_trainings_run_under_torchrun_where_there_are_several_processes(tmp_path: Path) -> None:
    """torchrun must take none of the training's options, not even --start, for its own."""
    toy = [(step, step.words(tmp_path, toy=True)) for step in STEPS]
    assert all(command(words, 1)[2:] == words for _, words in toy)
    assert all(command(words, 2)[2:] == words for step, words in toy if step.name in {"data", "tokenizer"})
    step, words = next((step, words) for step, words in toy if "--start" in words)
    read = torchrun.get_args_parser().parse_args(command(words, 2)[3:])
    assert (read.nproc_per_node, read.module, read.training_script) == ("2", True, step.module)
    assert [word for word in read.training_script_args if word != "--"] == words[1:]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_a_model_card_names_the_recipes_command(step: Step) -> None:
    cards = [" ".join(card.read_text(encoding="utf-8").split()) for card in WEIGHTS.glob("*/README.md")]
    assert any(step.written() in card for card in cards)
