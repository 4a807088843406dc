"""atelier_training.jobs.pretrain: what SageMaker's folders say becomes a run, and the run a base model's folder."""

import json
import shutil
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from atelier_training.data.sampling import draw
from atelier_training.data.shards import open_shards
from atelier_training.data.stores import Cached, Folder
from atelier_training.engine.interruption import Interruption
from atelier_training.engine.training_log import read
from atelier_training.jobs import pretrain as job
from atelier_training.learners.pretraining import settings_of
from atelier_training.learners.start import Start, make_learner
from atelier_training.paths import MlPaths
from contracts.errors import InvalidInputError
from contracts.pretrain_hyperparameters import PretrainHyperparameters
from tests.unit.pretrain_job_root import WEIGHTS, write_job
from tests.unit.pretrain_shards import write_shards


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shards(tmp_path_factory.mktemp("shards"))


def run(paths: MlPaths) -> None:
    with Interruption() as interruption:
        job.run(Namespace(), paths, interruption)


def changed(before: Path, after: Path) -> bool:
    weights = [load_file(path) for path in (before, after)]
    assert weights[0].keys() == weights[1].keys()
    return any(not torch.equal(value.half(), weights[1][name].half()) for name, value in weights[0].items())


def test_a_segmenter_is_trained_on_and_exported_without_what_was_the_bases(shards: Path, tmp_path: Path) -> None:
    paths = write_job(tmp_path, shards, "segmenter", learning_rate="0.01", warmup="1")
    run(paths)
    assert changed(WEIGHTS / "clipseg" / "model.safetensors", paths.model / "model.safetensors")
    assert not (paths.model / "manifest.json").exists()
    assert (paths.model / "vocab.json").read_bytes() == (WEIGHTS / "clipseg" / "vocab.json").read_bytes()
    told = json.loads((paths.model / "pretraining.json").read_text())
    assert (told["samples"], told["processes"], told["hyperparameters"]["batch"]) == (8, 1, 2)
    assert [entry.step for entry in read(paths.model / "training_log.jsonl")] == [1, 2]


def test_a_segmenters_vision_can_learn_classes_first(shards: Path, tmp_path: Path, capsys: Any) -> None:
    chosen = {"optimizer": "muon", "from_nothing": "True"}
    paths = write_job(tmp_path, shards, "segmenter", **chosen, vision_steps="3", vision_learning_rate="0.01")
    run(paths)
    printed = capsys.readouterr().out
    assert printed.index("step=3/3 loss=") < printed.index("step=2/2 loss=")
    vision = "clip.vision_model.encoder.layers.0.mlp.fc1.weight"
    plain = write_job(tmp_path / "plain", shards, "segmenter", **chosen)
    run(plain)
    taught, untaught = (load_file(each.model / "model.safetensors")[vision].float() for each in (paths, plain))
    assert not torch.equal(taught, untaught)
    assert {path.name for path in paths.model.iterdir()} == {path.name for path in plain.model.iterdir()}


def test_a_unet_can_paint_more_from_words_alone(shards: Path, tmp_path: Path) -> None:
    paths = write_job(tmp_path, shards, "unet", text_share="1")
    data, tuned = open_shards(str(shards)), paths.read_hyperparameters(PretrainHyperparameters)
    learner = make_learner(Start(data=data, base=paths.channel("base"), tuned=tuned, scratch=tmp_path))
    assert (learner.batch(draw(data, 0, range(8), 2)).masks == 1).all()


def test_around_a_trained_autoencoder_the_base_model_stays(shards: Path, tmp_path: Path, capsys: Any) -> None:
    paths = write_job(tmp_path, shards, "vae", learning_rate="0.01", warmup="1")
    run(paths)
    base, weights = paths.channel("base"), "diffusion_pytorch_model.safetensors"
    assert changed(base / "vae" / weights, paths.model / "vae" / weights)
    assert (paths.model / "unet" / weights).read_bytes() == (base / "unet" / weights).read_bytes()
    assert (paths.model / "model_index.json").is_file()
    assert not (paths.model / "manifest.json").exists()
    assert "step=2/2 loss=" in capsys.readouterr().out


def test_a_job_that_finished_before_only_exports_again(shards: Path, tmp_path: Path, capsys: Any) -> None:
    paths = write_job(tmp_path, shards, "vae")
    run(paths)
    first = {path: path.read_bytes() for path in paths.model.rglob("*.safetensors")}
    shutil.rmtree(paths.model)
    capsys.readouterr()
    run(paths)
    assert "step=" not in capsys.readouterr().out.replace("from step", "")
    assert {path: path.read_bytes() for path in paths.model.rglob("*.safetensors")} == first


def test_a_unet_needs_a_base_model(shards: Path, tmp_path: Path) -> None:
    paths = write_job(tmp_path, shards, "unet")
    shutil.rmtree(paths.channel("base"))
    with pytest.raises(InvalidInputError, match="channel base: got 'none'; allowed: a base model: its tokenizer"):
        run(paths)


def test_a_base_model_of_another_kind_is_named(shards: Path, tmp_path: Path) -> None:
    paths = write_job(tmp_path, shards, "unet", base="clipseg")
    with pytest.raises(InvalidInputError, match="channel base: tokenizer: got 'no such part'"):
        run(paths)


def test_a_job_without_shards_says_where_they_may_be(shards: Path, tmp_path: Path) -> None:
    paths = write_job(tmp_path, shards, "vae")
    shutil.rmtree(paths.channel("shards"))
    with pytest.raises(InvalidInputError, match=r"channel shards.*shards_uri"):
        run(paths)


@pytest.mark.parametrize(("mode", "store"), [("File", Folder), ("FastFile", Cached)])
def test_fast_file_shards_are_copied_and_downloaded_ones_read_in_place(
    shards: Path, tmp_path: Path, mode: str, store: type
) -> None:
    paths = write_job(tmp_path, shards, "vae")
    paths.input_data_config.write_text(json.dumps({"shards": {"TrainingInputMode": mode}}))
    data = job.read_shards(PretrainHyperparameters(), paths)
    assert isinstance(data._store, store)
    assert len(data) == len(open_shards(str(shards)))


def test_the_engine_is_told_what_the_hyperparameters_say() -> None:
    tuned = PretrainHyperparameters(steps=777, batch=6, ema=0.5, sharding="fsdp", streams=3, min_snr_gamma=2.0)
    settings = settings_of(tuned)
    assert (settings.steps, settings.samples, settings.ema, settings.sharding, settings.entry_every) == (
        777,
        6,
        0.5,
        "fsdp",
        7,
    )
    assert (settings.identity["streams"], settings.identity["min_snr_gamma"]) == (3, 2.0)
    assert not {"sharding", "precision", "checkpoint_every"} & set(settings.identity)
