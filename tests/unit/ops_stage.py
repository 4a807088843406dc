"""A stage in memory: a mirrored base model and segmenter, a dataset, and the plan of a run on them."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from atelier_ops.logic.plan import Dependencies, make_plan
from contracts.artifact import ADAPTER_WEIGHTS, BaseManifest, StyleManifest, to_json
from contracts.errors import InvalidInputError
from contracts.layout import LATEST, MANIFEST, style_prefix
from contracts.release import ReleaseRules
from tests.unit.ops_fakes import JPEG, PNG, MemoryBuckets, MemoryRecords

DATASET = "s3://data/datasets/skirt/"
JOBS: Mapping[str, Mapping[str, Any]] = {
    "segment": {"state": "Segment", "kind": "processing", "instance": "ml.m5.xlarge"},
    "train": {"state": "FineTune", "kind": "training", "instance": "ml.g5.xlarge"},
    "search": {"state": "Search", "kind": "tuning", "instance": "ml.g5.xlarge", "trials": 12, "parallel": 2},
    "evaluate": {"state": "Evaluate", "kind": "processing", "instance": "ml.m5.xlarge"},
}
"""What the fine-tuning machine says of its jobs."""
ONE_TRAINING = {key: facts for key, facts in JOBS.items() if key != "search"}
"""Those of a run without a search."""


def base_manifest(name: str, task: str, **changes: Any) -> BaseManifest:
    values: dict[str, Any] = {
        "name": name,
        "revision": "v1",
        "family": "sd1",
        "task": task,
        "licence": "Apache-2.0",
        "source": "asset",
        "resolution": 64,
        "training": {"lora": {"max_steps": 150, "learning_rate": 3e-3}},
    }
    return BaseManifest(**{**values, **changes})


def make_stage() -> tuple[MemoryBuckets, Dependencies]:
    """Buckets ``data``, ``model`` and ``media``; dataset ``skirt`` of four pictures, one with a mask, one held out."""
    buckets = MemoryBuckets()
    for manifest in (
        base_manifest("tiny", "inpaint"),
        base_manifest("words", "text-to-image"),
        base_manifest("clipseg", "segment", family="clipseg"),
    ):
        buckets.put("model", f"base/{manifest.reference}/{MANIFEST}", to_json(manifest).encode())
    put_dataset(buckets, "skirt")
    dependencies = Dependencies(
        data=buckets.store("data"),
        models=buckets.store("model"),
        name_prefix="atelier-test",
        base_models=("tiny@v1", "words@v1", "gone@v1"),
        default_base_model="tiny@v1",
        segmenter="clipseg@v1",
        rules=ReleaseRules(),
        records=MemoryRecords(),
        commercial=True,
    )
    return buckets, dependencies


def put_dataset(buckets: MemoryBuckets, style: str) -> None:
    files = {
        "a.png": PNG,
        "b.jpg": JPEG,
        "c.jpeg": JPEG,
        "d.PNG": PNG,
        "masks/a.png": PNG,
        "evaluation/e.png": PNG,
        "dataset_info.json": json.dumps(
            {"instance_prompt": "a photo of sks skirt", "class_prompt": "a skirt"}
        ).encode(),
    }
    for name, body in files.items():
        buckets.put("data", f"datasets/{style}/{name}", body)


def make_request(**changes: Any) -> dict[str, Any]:
    return {"style": "skirt", "dataset": DATASET, "target": "a skirt", **changes}


def plan_of(dependencies: Dependencies, execution: str = "run-1", **changes: Any) -> dict[str, Any]:
    return make_plan(make_request(**changes), execution, JOBS, dependencies).to_json()


def refused(stage: tuple[MemoryBuckets, Dependencies], **changes: Any) -> str:
    """Why a run with this input is not prepared."""
    with pytest.raises(InvalidInputError) as caught:
        plan_of(stage[1], **changes)
    return str(caught.value)


def put_version(buckets: MemoryBuckets, version: int, **changes: Any) -> StyleManifest:
    """A published version of a style, ``skirt`` unless ``changes`` say otherwise."""
    put_artifact(buckets, f"run-{version}", **changes)
    trained = StyleManifest.from_json(
        buckets.store("data").json(f"runs/run-{version}/train/job/output/model/{MANIFEST}")
    )
    package = f"arn:aws:sagemaker:us-east-1:123456789012:model-package/atelier-test-{trained.style}/{version}"
    manifest = trained.model_copy(update={"version": version, "model_package": package})
    buckets.put("model", style_prefix(trained.style, version) + MANIFEST, to_json(manifest).encode())
    return manifest


def put_promoted(buckets: MemoryBuckets, version: int, style: str = "skirt") -> None:
    """Let a style's bare name mean ``version``."""
    buckets.put("model", style_prefix(style) + LATEST, json.dumps({"version": version}).encode())


def put_artifact(buckets: MemoryBuckets, execution: str = "run-1", **changes: Any) -> str:
    """A trained LoRA of style ``skirt`` in the run's folder; returns its address."""
    prefix = f"runs/{execution}/train/job/output/model/"
    values: dict[str, Any] = {
        "style": "skirt",
        "execution": execution,
        "task": "inpaint",
        "method": "lora",
        "base_model": "tiny@v1",
        "instance_prompt": "a photo of sks skirt",
        "class_prompt": "a skirt",
        "target": "a skirt",
        "hyperparameters": {"max_steps": 150},
        "dataset_sha256": "0" * 64,
        "code_version": "test",
        "created_at": "2026-11-22T13:00:00Z",
        "files": {ADAPTER_WEIGHTS: "1" * 64, "training_log.jsonl": "2" * 64},
    }
    manifest = StyleManifest(**{**values, **changes})
    for name in manifest.files:
        buckets.put("data", prefix + name, f"{name} of {execution}".encode())
    buckets.put("data", prefix + MANIFEST, to_json(manifest).encode())
    return f"s3://data/{prefix}"
