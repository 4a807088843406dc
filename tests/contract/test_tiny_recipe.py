"""The recipe of the tiny weights: every command runs, what it makes loads, and the model cards name the same commands."""

import importlib
import json
import sys
from pathlib import Path

import pytest
import torch
import torch.distributed.run as torchrun
from diffusers import StableDiffusionInpaintPipeline, StableDiffusionUpscalePipeline

from atelier_training.__main__ import main as atelier_training_main
from contracts.pretrain_hyperparameters import PretrainHyperparameters
from imaging.segmenter import Segmenter
from models.tiny.make.recipe import STEPS, WEIGHTS, Command, PretrainingJob, command, environment, install, run

TRAININGS = [step for step in STEPS if isinstance(step, PretrainingJob)]


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the modules that were run; importing torch once for all of them saves most of the time."""
    torch.set_num_threads(1)
    return []


def test_every_command_runs_and_its_weights_load(
    tmp_path: Path, in_this_process: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def launch(words: list[str]) -> None:
        in_this_process.append(words[0])
        if words[0] == "atelier_training":
            monkeypatch.setenv("ATELIER_ML_ROOT", environment(words)["ATELIER_ML_ROOT"])
            assert atelier_training_main(words[1:2]) == 0
            return
        monkeypatch.setattr(sys, "argv", words)
        importlib.import_module(words[0]).main()

    weights = tmp_path / "weights"
    run(tmp_path, weights, toy=True, launch=launch)
    assert in_this_process == [step.words(tmp_path)[0] for step in STEPS]
    StableDiffusionInpaintPipeline.from_pretrained(weights / "inpaint", safety_checker=None)
    StableDiffusionUpscalePipeline.from_pretrained(weights / "upscaler")
    Segmenter.load(weights / "clipseg")

    run(tmp_path, weights, toy=True, launch=launch)
    assert len(in_this_process) == len(STEPS), "a finished command was run again"


def test_what_failed_is_run_again_and_what_was_done_is_not(tmp_path: Path) -> None:
    tried: list[str] = []

    def launch(words: list[str]) -> None:
        tried.append(words[0])
        if tried.count(words[0]) == 1 and len(tried) == 2:
            raise RuntimeError("stopped")
        for step in TRAININGS:
            (tmp_path / step.name / "model" / "vae").mkdir(parents=True, exist_ok=True)
        (tmp_path / "tokenizer").mkdir(exist_ok=True)

    with pytest.raises(RuntimeError, match="stopped"):
        run(tmp_path, tmp_path / "weights", toy=True, launch=launch)
    run(tmp_path, tmp_path / "weights", toy=True, launch=launch)
    modules = [step.words(tmp_path)[0] for step in STEPS]
    assert tried == [*modules[:2], *modules[1:]]


def test_nothing_is_removed_where_there_is_no_artifact(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("shipped")
    with pytest.raises(FileNotFoundError, match="no artifact there"):
        install(tmp_path / "model", tmp_path)
    assert (tmp_path / "config.json").read_text() == "shipped"


def test_installing_replaces_old_files_and_keeps_the_card(tmp_path: Path) -> None:
    export, folder = tmp_path / "export", tmp_path / "shipped"
    (export / "unet").mkdir(parents=True)
    (export / "unet" / "config.json").write_text("new")
    (export / "pretraining.json").write_text("how the run went")
    folder.mkdir()
    (folder / "old.json").write_text("old")
    (folder / "README.md").write_text("card")
    install(export, folder)
    files = {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}
    assert files == {"unet/config.json": "new", "README.md": "card"}


def test_trainings_run_under_torchrun_where_there_are_several_processes(tmp_path: Path) -> None:
    for step in STEPS:
        words = step.words(tmp_path)
        if isinstance(step, Command):
            assert command(words, 1)[2:] == command(words, 2)[2:] == words
            assert "ATELIER_ML_ROOT" not in environment(words)
            continue
        assert command(words, 1)[2:] == ["atelier_training", "pretrain"]
        read = torchrun.get_args_parser().parse_args(command(words, 2)[3:])
        assert (read.nproc_per_node, read.module, read.training_script) == ("2", True, "atelier_training")
        assert read.training_script_args == ["pretrain"]
        assert environment(words)["ATELIER_ML_ROOT"] == str(tmp_path / step.name)


@pytest.mark.parametrize("step", TRAININGS, ids=lambda step: step.name)
def test_a_training_names_only_what_deviates_from_the_contracts_defaults(step: PretrainingJob) -> None:
    tuned = PretrainHyperparameters.from_json(step.tuned)
    plain = PretrainHyperparameters.from_json({"model": step.tuned["model"]})
    names = set(step.tuned) - {"model"}
    assert {name for name, value in vars(tuned).items() if value != getattr(plain, name)} == names


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_a_model_card_names_the_recipes_step(step: Command | PretrainingJob) -> None:
    cards = [" ".join(card.read_text(encoding="utf-8").split()) for card in WEIGHTS.glob("*/README.md")]
    if isinstance(step, PretrainingJob):
        written = f"{step.name}: {json.dumps(step.tuned)}"
    else:
        written = f"python -m {' '.join(step.words(Path('WORK')))}"
    assert any(written in card for card in cards)
