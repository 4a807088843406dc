"""Writes a training's artifact: the weights, then their hashes, and the manifest last."""

import json
import shutil
from pathlib import Path
from typing import Any

from atelier_training.finetune.config import FineTuneJob
from atelier_training.provenance import code_version, now
from contracts.artifact import TRAINING_LOG, BaseManifest, StyleManifest, hash_files, to_json
from contracts.layout import MANIFEST
from diffusion.trained_model import TrainedModel

BASE_MANIFEST = "base_manifest.json"
CONFIGURATION = "training_config.json"


def write_weights(trained: TrainedModel, method: str, base: Path, manifest: BaseManifest, model: Path) -> None:
    """Write the adapter, or the whole pipeline, into ``model``. ``base`` is the base model's folder."""
    model.mkdir(parents=True, exist_ok=True)
    if method == "lora":
        trained.family.save_adapter(trained.parts, model)
    else:
        _write_pipeline(trained, base, manifest, model)


def write_manifest(model: Path, log: Path, job: FineTuneJob, base: BaseManifest, configuration: dict[str, Any]) -> None:
    """Write the training log, the configuration as used and, last, the manifest beside the weights."""
    shutil.copyfile(log, model / TRAINING_LOG)
    (model / CONFIGURATION).write_text(json.dumps(configuration, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    (model / MANIFEST).write_text(to_json(_manifest(job, base, model)), encoding="utf-8")


def _write_pipeline(trained: TrainedModel, base: Path, manifest: BaseManifest, model: Path) -> None:
    """Copy the base's files unchanged, except for the parts that were trained."""
    shutil.copytree(
        base,
        model,
        dirs_exist_ok=True,
        ignore=lambda folder, names: [MANIFEST, *trained.parts] if Path(folder) == base else [],
    )
    for name, part in trained.parts.items():
        part.save_pretrained(model / name)
    (model / BASE_MANIFEST).write_text(to_json(manifest), encoding="utf-8")


def _manifest(job: FineTuneJob, base: BaseManifest, model: Path) -> StyleManifest:
    return StyleManifest(
        style=job.style,
        execution=job.execution,
        task=job.task,
        method=job.method,
        base_model=base.reference,
        instance_prompt=job.instance_prompt,
        class_prompt=job.class_prompt,
        target=job.target,
        hyperparameters=job.tuning.model_dump(),
        dataset_sha256=job.dataset_sha256,
        code_version=code_version(),
        created_at=now(),
        files=hash_files(model),
    )
