"""What a training leaves: weights first, then their hashes, and the manifest last."""

import json
import shutil
from pathlib import Path
from typing import Any

from atelier_training.engine import training_log
from atelier_training.engine.training_log import Entry
from atelier_training.finetune.config import TrainingJob
from atelier_training.provenance import code_version, now
from contracts.artifact import TRAINING_LOG, BaseManifest, StyleManifest, hash_files, to_json
from contracts.layout import MANIFEST
from diffusion.trained_model import TrainedModel

BASE_MANIFEST = "base_manifest.json"
CONFIGURATION = "training_config.json"


def write_artifact(
    model: Path,
    learner: TrainedModel,
    history: list[Entry],
    job: TrainingJob,
    base: Path,
    configuration: dict[str, Any],
) -> None:
    """Fill ``model`` with the job's weights, log, resolved configuration and manifest. ``base`` is the base model's folder."""
    model.mkdir(parents=True, exist_ok=True)
    manifest = BaseManifest.load(base)
    if job.method == "lora":
        learner.family.save_adapter(learner.parts, model)
    else:
        _write_pipeline(learner, base, manifest, model)
    training_log.write(history, model / TRAINING_LOG)
    (model / CONFIGURATION).write_text(json.dumps(configuration, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    text = to_json(_manifest(job, manifest, model))
    (model / MANIFEST).write_text(text, encoding="utf-8")


def _write_pipeline(learner: TrainedModel, base: Path, manifest: BaseManifest, model: Path) -> None:
    """The base's files as they are, but for the parts that were trained: nothing else can have changed."""
    shutil.copytree(
        base,
        model,
        dirs_exist_ok=True,
        ignore=lambda folder, names: [MANIFEST, *learner.parts] if Path(folder) == base else [],
    )
    for name, part in learner.parts.items():
        part.save_pretrained(model / name)
    (model / BASE_MANIFEST).write_text(to_json(manifest), encoding="utf-8")


def _manifest(job: TrainingJob, base: BaseManifest, model: Path) -> StyleManifest:
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
