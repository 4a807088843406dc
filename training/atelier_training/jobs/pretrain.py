"""``pretrain``: train a base model on every GPU of every host, from SageMaker's folders to a base model's folder."""

import argparse
import json
import logging
import shutil
import tempfile
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from atelier_training.advice import VOLUMES, of_pretraining
from atelier_training.base_files import read_base
from atelier_training.data.shards import ShardFolder, mounted_shards, open_shards
from atelier_training.engine.event_files import EventFiles
from atelier_training.engine.exhaustion import exhaustion_named
from atelier_training.engine.interruption import Interruption
from atelier_training.engine.loop import LOG, Summary
from atelier_training.engine.processes import joined
from atelier_training.learners.pretraining import pretrain
from atelier_training.learners.segmenter import SegmentingLearner
from atelier_training.learners.start import Start, make_learner
from atelier_training.paths import MlPaths
from atelier_training.provenance import code_version
from contracts.artifact import TRAINING_LOG
from contracts.errors import InvalidInputError
from contracts.layout import MANIFEST
from contracts.pretrain_hyperparameters import PretrainHyperparameters

SUMMARY = "pretraining.json"
"""Written beside the weights: the hyperparameters as used, and a summary of the run."""

log = logging.getLogger(__name__)


def run(_arguments: argparse.Namespace, paths: MlPaths, interruption: Interruption) -> None:
    """Train as ``hyperparameters.json`` says, or continue from the checkpoint."""
    tuned = paths.read_hyperparameters(PretrainHyperparameters)
    with exhaustion_named(interruption, lambda: of_pretraining(tuned), volume=VOLUMES["pretrain"]):
        _pretrain(tuned, paths, interruption)


def _pretrain(tuned: PretrainHyperparameters, paths: MlPaths, interruption: Interruption) -> None:
    data = read_shards(tuned, paths)
    base = paths.channel("base") if paths.channel("base").is_dir() else None
    if base is not None:
        read_base(base)
    export = paths.model / "vae" if tuned.model == "vae" else paths.model
    with tempfile.TemporaryDirectory() as scratch, joined(), closing(EventFiles(paths.tensorboard)) as events:
        learner = make_learner(Start(data=data, base=base, tuned=tuned, scratch=Path(scratch)))
        if isinstance(learner, SegmentingLearner) and tuned.vision_steps:
            changed = {"steps": tuned.vision_steps, "learning_rate": tuned.vision_learning_rate}
            first = PretrainHyperparameters(**{**vars(tuned), **changed})
            folder, unused = paths.checkpoints / "vision", Path(scratch) / "vision"
            pretrain(learner.vision(), data, first, folder, export=unused, interruption=interruption)
        summary = pretrain(
            learner, data, tuned, paths.checkpoints, export=export, interruption=interruption, tell=events.step
        )
    if summary.leads:
        if tuned.model == "vae" and base is not None:
            # Around an autoencoder the rest of the base model stays as it is; what describes the whole does not.
            replaced = shutil.ignore_patterns("vae", MANIFEST, "README.md")
            shutil.copytree(base, paths.model, ignore=replaced, dirs_exist_ok=True)
        write_summary(tuned, data, summary, paths)


def read_shards(tuned: PretrainHyperparameters, paths: MlPaths) -> ShardFolder:
    """The shards of the channel ``shards``, in whatever mode SageMaker brings it, or those that ``shards_uri`` streams."""
    folder = paths.channel("shards")
    if tuned.shards_uri:
        return open_shards(tuned.shards_uri)
    if not folder.is_dir():
        raise InvalidInputError("channel shards", got="none", allowed="a channel, or the hyperparameter shards_uri")
    return mounted_shards(folder) if _mode("shards", paths) == "FastFile" else open_shards(str(folder))


def write_summary(tuned: PretrainHyperparameters, data: ShardFolder, summary: Summary, paths: MlPaths) -> None:
    """Write the training log and the summary beside the weights, and the metrics to the job's log."""
    shutil.copyfile(paths.checkpoints / LOG, paths.model / TRAINING_LOG)
    seen = {
        name: value for name, value in asdict(summary).items() if name != "looks"
    }  # which pretraining takes none of
    content = {
        "hyperparameters": tuned.model_dump(),
        "samples": len(data),
        "shards": len(data.counts),
        "code_version": code_version(),
        **seen,
    }
    (paths.model / SUMMARY).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    log.info("train_avg_loss=%.6f", summary.train_avg_loss)
    log.info("train_samples_per_second=%.2f", summary.samples_per_second)


def _mode(channel: str, paths: MlPaths) -> str:
    if not paths.input_data_config.is_file():
        return "File"
    channels = json.loads(paths.input_data_config.read_text(encoding="utf-8"))
    return str(channels.get(channel, {}).get("TrainingInputMode", "File"))
